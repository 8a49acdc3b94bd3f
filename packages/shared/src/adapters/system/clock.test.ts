import { setTimeout as sleep } from "node:timers/promises";
import { clockContract } from "../../testing/contracts/clock.contract.ts";
import { systemClock } from "./clock.ts";

clockContract("system", () => ({ clock: systemClock, pass: (ms) => sleep(ms) }));
