import type { Instant } from "../../time/instant.ts";
import { boundedCache } from "../bounded-cache.ts";
import type { WallTime } from "./wall-time.ts";
import { resolveZone } from "./zone.ts";

/** A range of time, `from` inclusive and `to` exclusive, in which a zone's clocks are `offsetMs` ahead of UTC. */
export type ClockSegment = { readonly from: Instant; readonly to: Instant; readonly offsetMs: number };

/** The segments of a zone are found and kept in chunks of this length (366 days), so that a lookup is one division. */
const CHUNK_MS = 366 * 86_400_000;

/**
 * How far apart a zone is probed for changes of its offset. Two opposite changes inside one step would be missed; since
 * 1970 none were closer than 6.9 days (Brazil in October 2000, Gaza around future Ramadans).
 */
const PROBE_MS = 3 * 86_400_000;

/** No clock is further from UTC than 15 h, so the instant of a wall-clock time is later than this before it. */
const OFFSET_MS_MAX = 16 * 3_600_000;

/** Zones kept: there are some 420 and their other names. A formatter costs 50 to 130 us to make, a chunk about 200 us. */
const ZONES_MAX = 256;

/** Chunks kept for one zone: previews and far `startAt`s may ask for any year up to 9999. */
const CHUNKS_MAX = 32;

const ALWAYS_UTC: ClockSegment = { from: -Infinity, to: Infinity, offsetMs: 0 };

type ZoneClock = { segmentAt(instant: Instant): ClockSegment };

const clocks = boundedCache<string, ZoneClock>(ZONES_MAX);

/**
 * The segment of the zone's clock that `instant` is in. Neighbouring segments may have the same offset (they are cut at
 * the ends of chunks). Throws if the runtime has no such zone.
 */
export function segmentAt(zone: string, instant: Instant): ClockSegment {
  if (zone === "UTC") return ALWAYS_UTC;
  let clock = clocks.get(zone);
  if (clock === undefined) {
    const own = resolveZone(zone);
    if (own === null) throw new RangeError(`the time zone ${zone} is not in the time zone data of this process`);
    clock = own === "UTC" ? { segmentAt: () => ALWAYS_UTC } : zoneClock(zone);
    clocks.set(zone, clock);
  }
  return clock.segmentAt(instant);
}

/**
 * The first instant at which the zone's clock shows `wall` or later: the first of two in a fold, the first instant
 * after a gap. `notBefore` may shorten the search; it must not be later than the answer.
 */
export function instantOfWall(zone: string, wall: WallTime, notBefore: Instant = -Infinity): Instant {
  let segment = segmentAt(zone, Math.max(notBefore, wall - OFFSET_MS_MAX));
  while (wall >= segment.to + segment.offsetMs) segment = segmentAt(zone, segment.to);
  return Math.max(wall - segment.offsetMs, segment.from);
}

function zoneClock(zone: string): ZoneClock {
  const offsetAt = offsetReader(zone);
  const chunks = boundedCache<number, readonly ClockSegment[]>(CHUNKS_MAX);
  const segmentAt = (instant: Instant): ClockSegment => {
    const index = Math.floor(instant / CHUNK_MS);
    let chunk = chunks.get(index);
    if (chunk === undefined) {
      chunk = segmentsOfChunk(index, offsetAt);
      chunks.set(index, chunk);
    }
    const found = chunk.find((segment) => instant < segment.to);
    if (found === undefined) throw new Error(`no clock segment of ${zone} holds the instant ${instant}`);
    return found;
  };
  return { segmentAt };
}

function segmentsOfChunk(index: number, offsetAt: (instant: Instant) => number): readonly ClockSegment[] {
  const end = (index + 1) * CHUNK_MS;
  const segments: ClockSegment[] = [];
  let from = index * CHUNK_MS;
  let offsetMs = offsetAt(from);
  for (let probe = from; probe < end; probe += PROBE_MS) {
    const next = Math.min(probe + PROBE_MS, end);
    const nextOffsetMs = offsetAt(next);
    if (nextOffsetMs === offsetMs) continue;
    const change = firstChange({ from: probe, to: next, offsetMs }, offsetAt);
    segments.push({ from, to: change, offsetMs });
    from = change;
    offsetMs = nextOffsetMs;
  }
  if (from < end) segments.push({ from, to: end, offsetMs });
  return segments;
}

/** The first whole second in which the offset is no longer that of `from`; zones change at whole seconds. */
function firstChange({ from, to, offsetMs }: ClockSegment, offsetAt: (instant: Instant) => number): Instant {
  let [before, after] = [from / 1000, to / 1000];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle * 1000) === offsetMs) before = middle;
    else after = middle;
  }
  return after * 1000;
}

function offsetReader(zone: string): (instant: Instant) => number {
  const time = { hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" } as const;
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, year: "numeric", month: "numeric", day: "numeric", ...time });
  return (instant) => {
    // "3/29/2026, 02:30:00": a third of the cost of formatToParts.
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (format.format(instant).match(/\d+/g) ?? []).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
  };
}
