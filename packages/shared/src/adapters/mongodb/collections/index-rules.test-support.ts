import { type Index, INDEXES } from "./indexes.ts";
import type { Filter, FindOptions } from "./rows.ts";

export interface Query {
  readonly filter: Filter;
  readonly sort?: FindOptions["sort"];
}

/** Fields that hold arrays, of which an index has a key for each entry. */
const ARRAYS: ReadonlySet<string> = new Set(["attempts", "outbox", "pending", "tags"]);
const ID: Index = { name: "_id_", key: { _id: 1 } };

/** The indexes by which MongoDB can answer a query without reading all rows and without sorting: the rules are explained at `INDEXES`. */
export const indexesFor = (collection: string, query: Query): string[] =>
  [ID, ...(INDEXES[collection] ?? [])].filter((index) => serves(index, query)).map(({ name }) => name);

const serves = (index: Index, query: Query): boolean => covers(index, query) && bounds(index, query) && orders(index, query);

type Condition = Readonly<Record<string, unknown>>;

const conditionOn = (filter: Filter, field: string): Condition => (filter[field] ?? {}) as Condition;

/** Partial indexes: the index contains all rows that the query can match. */
function covers({ partialFilterExpression = {} }: Index, { filter }: Query): boolean {
  return Object.entries(partialFilterExpression).every(([field, wanted]) => {
    const asked = conditionOn(filter, field);
    if (wanted["$exists"] === true) return isBounded(asked);
    if (typeof wanted["$eq"] === "string") return asked["$eq"] === wanted["$eq"];
    if (typeof wanted["$gt"] === "number") return typeof asked["$gt"] === "number" && asked["$gt"] >= wanted["$gt"];
    throw new Error(`a filter of a partial index that is not known here: ${JSON.stringify(wanted)}`);
  });
}

const BOUNDS: readonly string[] = ["$eq", "$in", "$all", "$gt", "$gte", "$lt", "$lte"];
const isBounded = (condition: Condition): boolean => condition["$exists"] === true || BOUNDS.some((operator) => operator in condition);
/** One value, or a few whose orders the server merges. */
const isEquality = (condition: Condition): boolean => ["$eq", "$in", "$all"].some((operator) => operator in condition);

/** The scan begins at a value of the first field, or follows it in the requested order. */
function bounds({ key }: Index, { filter, sort = {} }: Query): boolean {
  const [first = ""] = Object.keys(key);
  return isBounded(conditionOn(filter, first)) || Object.keys(sort)[0] === first;
}

/** Equal fields first, then the sort fields, all ascending or all descending; never the entries of an array. */
function orders({ key }: Index, { filter, sort = {} }: Query): boolean {
  const order = Object.entries(sort);
  if (order.some(([field]) => ARRAYS.has(field.split(".")[0] ?? ""))) return false;
  const fields = Object.entries(key);
  while (fields.length > 0 && fields[0]?.[0] !== order[0]?.[0] && isEquality(conditionOn(filter, fields[0]?.[0] ?? ""))) fields.shift();
  const directions = order.map(([field, direction], place) => (fields[place]?.[0] === field ? direction * (fields[place]?.[1] ?? 0) : 0));
  return !directions.includes(0) && new Set(directions).size <= 1;
}
