import { JOB_NONE } from "./codes.ts";
import { createUidIndex, type UidIndex } from "./uid-index.ts";

/**
 * What a fire compares, of every job, in columns: about 50 bytes a job, and no object. A mirror of the `cursors` rows,
 * written with them; the row is what counts, and after any failed write all of it is read anew.
 */
export interface JobTable {
  readonly uids: UidIndex;
  /** NaN: none. */
  nextRunAt: Float64Array;
  /** Newest run of the job by run id, and its `scheduledFor`; 0 and NaN: none. */
  head: Float64Array;
  headAt: Float64Array;
  definitionKey: Float64Array;
  version: Int32Array;
  traitsKey: Int32Array;
  slot: Uint16Array;
  /** Place in `tenants`. */
  tenant: Uint16Array;
  state: Uint8Array;
  readonly tenants: string[];
  /** Greatest job key ever used since the file was opened. */
  lastKey: number;
  /** Keys of jobs that are gone, to be used again: the columns stay as long as there are jobs. */
  readonly freeKeys: number[];
}

export interface JobColumns {
  readonly uid: string;
  readonly tenantId: string;
  readonly nextRunAt: number | null;
  readonly head: number;
  readonly headAt: number | null;
  readonly definitionKey: number;
  readonly version: number;
  readonly traitsKey: number;
  readonly slot: number;
  readonly state: number;
}

const FIRST_JOBS = 1_024;

export const createJobTable = (): JobTable => ({
  uids: createUidIndex(),
  nextRunAt: new Float64Array(FIRST_JOBS),
  head: new Float64Array(FIRST_JOBS),
  headAt: new Float64Array(FIRST_JOBS),
  definitionKey: new Float64Array(FIRST_JOBS),
  version: new Int32Array(FIRST_JOBS),
  traitsKey: new Int32Array(FIRST_JOBS),
  slot: new Uint16Array(FIRST_JOBS),
  tenant: new Uint16Array(FIRST_JOBS),
  tenants: [],
  state: new Uint8Array(FIRST_JOBS).fill(JOB_NONE),
  lastKey: 0,
  freeKeys: [],
});

/** The key of a new job. */
export const newJobKey = (table: JobTable): number => table.freeKeys.pop() ?? table.lastKey + 1;

export function putJob(table: JobTable, key: number, columns: JobColumns): void {
  if (key >= table.version.length) grow(table, Math.max(key + 1, table.version.length * 2));
  if (key > table.lastKey) table.lastKey = key;
  table.uids.put(columns.uid, key);
  table.head[key] = columns.head;
  table.headAt[key] = columns.headAt ?? Number.NaN;
  table.slot[key] = columns.slot;
  table.tenant[key] = tenantPlace(table, columns.tenantId);
  changeJob(table, key, columns);
}

/** Keeps a key from being given to a new job: there are rows of it. */
export function keepKey(table: JobTable, key: number): void {
  if (key >= table.version.length) grow(table, Math.max(key + 1, table.version.length * 2));
  if (key > table.lastKey) table.lastKey = key;
}

/** What an edit changes. */
export function changeJob(table: JobTable, key: number, columns: Omit<JobColumns, "uid" | "tenantId" | "head" | "headAt" | "slot">): void {
  table.nextRunAt[key] = columns.nextRunAt ?? Number.NaN;
  table.definitionKey[key] = columns.definitionKey;
  table.version[key] = columns.version;
  table.traitsKey[key] = columns.traitsKey;
  table.state[key] = columns.state;
}

/** Forgets a tombstone that nothing refers to. */
export function dropJob(table: JobTable, key: number): void {
  table.uids.drop(key);
  table.state[key] = JOB_NONE;
  table.nextRunAt[key] = Number.NaN;
  table.freeKeys.push(key);
}

export const belongsTo = (table: JobTable, key: number, tenantId: string): boolean =>
  table.tenants[table.tenant[key] as number] === tenantId;

function tenantPlace({ tenants }: JobTable, tenantId: string): number {
  const place = tenants.indexOf(tenantId);
  return place === -1 ? tenants.push(tenantId) - 1 : place;
}

function grow(table: JobTable, jobs: number): void {
  const wider = <Column extends Float64Array | Int32Array | Uint16Array | Uint8Array>(column: Column, grown: Column): Column => {
    grown.set(column);
    return grown;
  };
  table.nextRunAt = wider(table.nextRunAt, new Float64Array(jobs));
  table.head = wider(table.head, new Float64Array(jobs));
  table.headAt = wider(table.headAt, new Float64Array(jobs));
  table.definitionKey = wider(table.definitionKey, new Float64Array(jobs));
  table.version = wider(table.version, new Int32Array(jobs));
  table.traitsKey = wider(table.traitsKey, new Int32Array(jobs));
  table.slot = wider(table.slot, new Uint16Array(jobs));
  table.tenant = wider(table.tenant, new Uint16Array(jobs));
  table.state = wider(table.state, new Uint8Array(jobs).fill(JOB_NONE));
}
