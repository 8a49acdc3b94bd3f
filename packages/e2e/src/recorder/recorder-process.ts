import { fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEffects, type EffectLine } from "./effect.ts";
import type { EffectRecorder } from "./effect-recorder.ts";

export interface RecorderProcess extends EffectRecorder {
  /** Resolves with the next call of a target, once it is on record and, most likely, not answered yet. */
  nextStart(): Promise<void>;
  /** Resolves when the next call has just been answered. */
  nextEnd(): Promise<void>;
}

type Message = EffectLine | { readonly line: "listening"; readonly url: string };

/** The recorder outside the product and outside the test: nothing that is killed or busy holds it up. */
export async function startRecorderProcess(file: string): Promise<RecorderProcess> {
  const child = fork(fileURLToPath(new URL("recorder-main.ts", import.meta.url)), [file], { execArgv: ["--conditions=@tickline/source"] });
  const lines = new EventEmitter();
  const listening = once(lines, "listening");
  child.on("message", (message: Message) => lines.emit(message.line, message));
  const [{ url }] = (await listening) as [{ url: string }]; // The emitter passes on the message itself.
  return {
    url,
    effects: () => parseEffects(readFileSync(file, "utf8")),
    nextStart: async () => void (await once(lines, "start")),
    nextEnd: async () => void (await once(lines, "end")),
    async close() {
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}
