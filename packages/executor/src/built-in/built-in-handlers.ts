import { AppError } from "@tickline/shared/domain/app-error";
import type { Clock } from "@tickline/shared/ports/clock";
import type { ConfigOf } from "@tickline/shared/runtime/config/config";
import type { Handler } from "../handlers/handler.ts";
import type { BUILT_IN_OPTIONS } from "./built-in-settings.ts";
import { createCommandHandler } from "./command/command-handler.ts";
import { createEmailHandler } from "./email/email-handler.ts";
import { readSmtpUrl } from "./email/smtp-address.ts";
import { createEgressGuard } from "./egress/egress-guard.ts";
import { createEgressPolicy } from "./egress/judge-address.ts";
import { createComputeHandler } from "./compute/compute-handler.ts";
import { openFilesFolder } from "./files/files-folder.ts";
import { createHttpHandler } from "./http/http-handler.ts";
import { loadSigningKeys } from "./http/signing/signing-keys.ts";

export interface BuiltInHandlersDeps {
  /** `now` is the store's time. */
  readonly clock: Pick<Clock, "now" | "monotonicMs" | "setTimer">;
  /** The environment of this process, of which programs inherit a few variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The address at which this process serves; null while it does not. */
  readonly ownUrl: () => string | null;
}

export interface BuiltInHandlersOptions extends ConfigOf<typeof BUILT_IN_OPTIONS> {
  /** Attempts that run at once. */
  readonly workersMax: number;
  /** The address on which this process listens. On loopback, jobs may connect to loopback and private addresses. */
  readonly host: string;
}

/** The handlers that every executor has, besides those of its folder. */
export interface BuiltInHandlers {
  readonly handlers: readonly Handler[];
  /** Ends what they hold open. To be called when no attempt runs any more. Safe to call twice. */
  close(): Promise<void>;
}

/** Throws `bad_config` for a file of keys that is not usable, and where a setting asks for what this system does not have. */
export function createBuiltInHandlers(deps: BuiltInHandlersDeps, options: BuiltInHandlersOptions): BuiltInHandlers {
  const { clock, environment, ownUrl } = deps;
  const { workersMax, host, egressAllow, signingKeysFile, allowCommands: allowed, smtpUrl, smtpFrom: from = null } = options;
  const { filesDir, computeThreads, computeMemoryMb, httpHostRequests: connectionsMax = workersMax } = options;
  if (allowed !== null && process.platform === "win32")
    throw new AppError("bad_config", "ALLOW_COMMANDS: programs are not started on Windows");
  const egress = createEgressGuard({ policy: createEgressPolicy({ host, allow: egressAllow }), ownPort: () => portOf(ownUrl()) });
  const signingKeys = signingKeysFile === undefined ? new Map() : loadSigningKeys(signingKeysFile);
  const files = openFilesFolder(filesDir);
  const http = createHttpHandler({ clock, egress, signingKeys }, { connectionsMax });
  return {
    handlers: [
      http.handler,
      createComputeHandler({ files }, { threadsMax: computeThreads, memoryMb: computeMemoryMb }),
      ...(allowed === null ? [] : [createCommandHandler({ clock, environment, allowed })]),
      ...(smtpUrl === undefined ? [] : [createEmailHandler({ clock, files, address: readSmtpUrl(smtpUrl), from })]),
    ],
    close: http.close,
  };
}

/** A URL does not show port 80. */
const portOf = (url: string | null): number | null => (url === null ? null : Number(new URL(url).port || "80"));
