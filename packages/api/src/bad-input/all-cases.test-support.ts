import type { BadInput } from "./bad-input.test-support.ts";
import { bodyCases } from "./body-cases.test-support.ts";
import { jobCases } from "./job-cases.test-support.ts";
import { jobEditCases } from "./job-edit-cases.test-support.ts";
import { jobPolicyCases } from "./job-policy-cases.test-support.ts";
import { previewCases } from "./preview-cases.test-support.ts";
import { queueCases } from "./queue-cases.test-support.ts";
import { readCases } from "./read-cases.test-support.ts";
import { runCases } from "./run-cases.test-support.ts";
import { scheduleCases } from "./schedule-cases.test-support.ts";

/** All tables of bad input. */
export const allCases: readonly BadInput[] = [
  ...bodyCases,
  ...jobCases,
  ...jobPolicyCases,
  ...jobEditCases,
  ...scheduleCases,
  ...previewCases,
  ...queueCases,
  ...readCases,
  ...runCases,
];
