import { defineSetting } from "@tickline/shared/runtime/config/config";
import { z } from "zod";
import { egressEntryFault } from "./egress/egress-allow.ts";

const egressAllow = z
  .string()
  .optional()
  .transform((text) => text?.split(",").map((entry) => entry.trim()) ?? [])
  .superRefine((entries, context) => {
    for (const message of entries.map(egressEntryFault)) if (message !== null) context.addIssue({ code: "custom", message });
  });

/** The settings of the built-in handlers in every process that runs them. */
export const BUILT_IN_OPTIONS = {
  egressAllow: defineSetting({
    env: "EGRESS_ALLOW",
    flag: null,
    placeholder: "LIST",
    fallback: null,
    schema: egressAllow,
    description:
      "To whom jobs may connect besides public addresses, separated by commas: networks (`10.0.0.0/8`), addresses, host names (`db.internal`, `*.internal`), `loopback`, `private`, or `*` for all. Each may have a port (`db.internal:8080`). If `HOST` is a loopback address, loopback and private addresses are open without it.",
  }),
  signingKeysFile: defineSetting({
    env: "SIGNING_KEYS_FILE",
    flag: null,
    placeholder: "FILE",
    fallback: null,
    schema: z.string().min(1).optional(),
    description: "File with the keys that sign requests of `http` (`sign`): lines of `name=whsec_…`. It is read once, at start.",
  }),
};
