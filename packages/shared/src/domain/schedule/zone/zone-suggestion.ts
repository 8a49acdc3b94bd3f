import { editDistance } from "../../spelling/edit-distance.ts";

/** For longer names no zone is suggested: the cost grows with the square of the length. */
const GUESS_LENGTH_MAX = 40;

/** A name that differs by more than this many typed characters is another name, not a typing error. */
const SLIPS_MAX = 3;

/** The zone that was probably meant: by its city (`Berlin`), else the nearest by edits; null if none is near. */
export function suggestZone(name: string): string | null {
  if (name.length < 3 || name.length > GUESS_LENGTH_MAX) return null;
  const wanted = name.toLowerCase().replace(/\s+/g, "_");
  const zones = Intl.supportedValuesOf("timeZone");
  const byCity = zoneOfCity(name);
  if (byCity !== null) return byCity;
  let best: { zone: string | null; slips: number } = { zone: null, slips: Math.min(SLIPS_MAX, Math.floor(wanted.length / 3)) + 1 };
  for (const zone of zones) {
    const whole = editDistance(wanted, zone.toLowerCase());
    const slips = wanted.includes("/") ? whole : Math.min(whole, editDistance(wanted, zone.slice(zone.lastIndexOf("/") + 1).toLowerCase()));
    if (slips < best.slips) best = { zone, slips };
  }
  return best.zone;
}

/** The zone whose name ends with a city, with or without the part before it. */
export function zoneOfCity(name: string): string | null {
  const wanted = name.toLowerCase().replace(/\s+/g, "_");
  const city = wanted.slice(wanted.lastIndexOf("/") + 1);
  return Intl.supportedValuesOf("timeZone").find((zone) => zone.toLowerCase().endsWith(`/${city}`)) ?? null;
}
