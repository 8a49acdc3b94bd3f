import type { DecidedTime } from "../../ports/decided-time.ts";
import type { StoreContext } from "./context.ts";
import { raiseMeta, readMeta } from "./collections/meta-values.ts";

export const createDecidedTime = ({ rows: { meta } }: Pick<StoreContext, "rows">): DecidedTime => ({
  latest: () => readMeta(meta, "decided"),
  note: (now) => raiseMeta(meta, "decided", now),
});
