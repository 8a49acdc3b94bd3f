const readPlan = <Plan>(): Plan => JSON.parse(process.argv[2] ?? "{}") as Plan;

/** To the process that started this one. */
function report(what: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) return reject(new Error("a side is started by the bench, not by hand"));
    process.send(what, (fault: Error | null) => (fault === null ? resolve() : reject(fault)));
  });
}

/** Runs one side in its own process: the plan is its argument, the result its only report, and then it ends. */
export async function runSide<Plan, Result>(side: (plan: Plan) => Promise<Result>): Promise<void> {
  await report(await side(readPlan<Plan>()));
  process.exit(0); // Whatever a side leaves open would keep the process, and the next one would not be alone.
}

/** Serves in a process of its own, from the report on until the other end lets go. */
export async function serveSide<Plan, Ready>(side: (plan: Plan) => Promise<Ready>): Promise<void> {
  process.once("disconnect", () => process.exit(0));
  await report(await side(readPlan<Plan>()));
}
