import { defineHandler } from "@tickline/executor/handler";
import { createStandalone, type Standalone } from "@tickline/standalone/compose";
import { z } from "zod";

export interface TicklinePlace {
  readonly dataDir: string;
}

export interface TicklineOptions extends TicklinePlace {
  readonly concurrency: number;
  /** Called at the start of every run, with the instant it was due. */
  readonly onStart: (scheduledFor: number) => void;
}

/** The composition of `npm start` with a handler that does nothing but say that it was started. Not started yet. */
export const openTickline = ({ dataDir, concurrency, onStart }: TicklineOptions): Promise<Standalone> =>
  createStandalone({
    dataDir,
    host: "127.0.0.1",
    port: 0,
    workersMax: concurrency,
    handlers: [defineHandler({ type: "noop", params: z.looseObject({}), run: ({ scheduledFor }) => onStart(scheduledFor.getTime()) })],
  });
