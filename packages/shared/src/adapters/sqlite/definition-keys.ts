import type { Core } from "./core.ts";

const LAST_KEY = "SELECT max(definition_key) AS last FROM definitions";

/** The key of the next definition. Readers keep definitions by key, so none is given twice, also when the greatest was forgotten. */
export function openDefinitionKeys({ db, meta }: Pick<Core, "db" | "meta">): () => number {
  let last = Math.max(meta.get("last_definition"), Number(db.prepare(LAST_KEY).get()?.["last"] ?? 0));
  return () => (last += 1);
}

export interface ForgottenDefinitions {
  /** Removes definitions that no run uses, unless they are their jobs' own. Returns how many that were. */
  unused(definitionKeys: readonly number[]): number;
  /** Removes those of a job that is gone. */
  ofJob(jobKey: number): void;
}

/** Removes definitions, and keeps in mind which keys were given. */
export function openForgottenDefinitions({ db, meta }: Pick<Core, "db" | "meta">): ForgottenDefinitions {
  const last = db.prepare(LAST_KEY);
  const unused = db.prepare(
    `DELETE FROM definitions WHERE definition_key = ?1 AND NOT EXISTS
       (SELECT 1 FROM cursors WHERE cursors.job_key = definitions.job_key AND cursors.definition_key = ?1)`,
  );
  const ofJob = db.prepare("DELETE FROM definitions WHERE job_key = ?");

  function keepLast(): void {
    const key = Number(last.get()?.["last"] ?? 0);
    if (key > meta.get("last_definition")) meta.set("last_definition", key);
  }
  return {
    unused(definitionKeys) {
      keepLast();
      return definitionKeys.reduce((gone, key) => gone + Number(unused.run(key).changes), 0);
    },
    ofJob(jobKey) {
      keepLast();
      ofJob.run(jobKey);
    },
  };
}
