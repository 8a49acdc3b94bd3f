import type { DecidedTime } from "../../ports/store/decided-time.ts";
import type { Collections, MetaRow } from "./collections/collections.ts";

type Meta = Collections["meta"];

export async function readMeta(meta: Meta, name: MetaRow["_id"]): Promise<number> {
  const [row] = await meta.find({ _id: { $eq: name } });
  return row?.value ?? 0;
}

/** Sets it unless it is greater already. Databases of older versions have no such row: its insertion may meet another's, hence twice. */
export async function raiseMeta(meta: Meta, name: MetaRow["_id"], value: number): Promise<void> {
  const raise = (): Promise<number> => meta.updateMany({ _id: { $eq: name } }, { $max: { value } });
  if ((await raise()) > 0 || (await meta.insert([{ _id: name, value }])).length === 0) return;
  await raise();
}

export const createDecidedTime = ({ rows: { meta } }: { readonly rows: Pick<Collections, "meta"> }): DecidedTime => ({
  latest: () => readMeta(meta, "decided"),
  note: (now) => raiseMeta(meta, "decided", now),
});
