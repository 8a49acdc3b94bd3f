// The recorder as a process of its own: `recorder-main.ts FILE`, started by `startRecorderProcess`, and ended with its parent.
import { startEffectRecorder } from "./effect-recorder.ts";

const file = process.argv[2];
if (file === undefined || process.send === undefined) throw new Error("recorder-main.ts is forked, with the file to append to");
const tell = process.send.bind(process);
const recorder = await startEffectRecorder({ file, onLine: (line) => void tell(line) });
process.on("disconnect", () => process.exit(0));
tell({ line: "listening", url: recorder.url });
