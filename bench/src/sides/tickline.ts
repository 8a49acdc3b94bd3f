import { defineHandler } from "@tickline/executor/handler";
import { createStandalone, type Standalone } from "@tickline/standalone/compose";
import { z } from "zod";
import type { StoreKind } from "../options.ts";

export interface TicklinePlace {
  readonly dataDir: string;
  readonly store: StoreKind;
}

export interface TicklineOptions extends TicklinePlace {
  readonly concurrency: number;
  /** Called at the start of every run, with the instant it was due. */
  readonly onStart: (scheduledFor: number) => void;
}

/** The composition of `npm start` with a handler that does nothing but say that it was started. Not started yet. */
export const openTickline = ({ dataDir, store, concurrency, onStart }: TicklineOptions): Promise<Standalone> =>
  createStandalone({
    dataDir,
    storeUrl: store === "memory" ? "memory:" : undefined,
    host: "127.0.0.1",
    port: 0,
    workersMax: concurrency,
    handlers: [defineHandler({ type: "noop", params: z.looseObject({}), run: ({ scheduledFor }) => onStart(scheduledFor.getTime()) })],
  });
