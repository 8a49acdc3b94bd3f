import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "../../ports/clock.ts";

export interface UnreadLimits {
  /** An answer that its client has not read by then ends its connection. */
  readonly answerMsMax: number;
  /** Bytes of all answers that wait for their clients. */
  readonly unreadBytesMax: number;
}

export interface UnreadAnswers {
  /** Adds an answer that was just written. An answer that the kernel accepted whole is not tracked. */
  watch(res: ServerResponse): void;
}

interface Unread {
  readonly bytes: number;
  readonly timer: Timer;
}

/** Answers wait in memory for clients that do not read: bounded in time, and in bytes of all; beyond those the oldest is dropped. */
export function createUnreadAnswers(clock: Clock, { answerMsMax, unreadBytesMax }: UnreadLimits): UnreadAnswers {
  const answers = new Map<ServerResponse, Unread>(); // The oldest first.
  let bytesInAll = 0;

  function forget(res: ServerResponse): void {
    const unread = answers.get(res);
    if (unread === undefined) return;
    answers.delete(res);
    unread.timer.cancel();
    bytesInAll -= unread.bytes;
  }
  function close(res: ServerResponse): void {
    forget(res);
    res.destroy();
  }
  return {
    watch(res) {
      const bytes = res.socket?.writableLength ?? 0;
      if (bytes === 0 || !res.writableEnded) return; // A stream has not ended, and bounds itself.
      answers.set(res, { bytes, timer: clock.setTimer(answerMsMax, () => close(res)) });
      bytesInAll += bytes;
      res.once("close", () => forget(res));
      for (const [oldest] of answers) {
        if (bytesInAll <= unreadBytesMax || oldest === res) return;
        close(oldest);
      }
    },
  };
}
