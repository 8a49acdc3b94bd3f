import { z } from "zod";

/** The form of an instant in answers. */
export const InstantView = z.iso
  .datetime({ precision: 3 })
  .meta({ id: "Instant", description: "An instant in UTC: ISO 8601 with milliseconds.", examples: ["2026-12-01T09:00:00.000Z"] });

/** The time between two instants; null if one of them is missing. */
export const durationMs = (from: number | null, to: number | null): number | null => (from === null || to === null ? null : to - from);
