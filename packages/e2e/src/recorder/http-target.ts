import type { Target } from "../driver/job-input.ts";
import { parseBehaviour, targetUrl } from "./target-behaviour.ts";

/** Runs are carried out by the built-in `http` handler, which calls the recorder. */
export const httpTarget = (recorderUrl: string): Target => ({
  handler: "http",
  params: (behaviour) => ({ url: targetUrl(recorderUrl, behaviour), method: "POST" }),
  readMark(params) {
    const url = params["url"];
    return typeof url === "string" ? (parseBehaviour(url.replace(recorderUrl, ""))?.mark ?? "") : "";
  },
});
