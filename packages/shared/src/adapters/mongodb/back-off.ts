import { systemClock } from "../system/clock.ts";
import { systemEntropy } from "../system/entropy.ts";

/** The longest first pause; each further one may be twice as long. */
const FIRST_PAUSE_MS_MAX = 20;

/** A pause of random length: writers that met at one key would meet there again if all came back at once. */
export const backOff = (conflicts: number): Promise<void> =>
  new Promise((resolve) => void systemClock.setTimer(systemEntropy.random() * FIRST_PAUSE_MS_MAX * 2 ** conflicts, resolve));
