import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CommandFault } from "./command-fault.ts";
import type { GroupStart } from "./process-group.ts";

export interface FoundUser {
  readonly ids: NonNullable<GroupStart["user"]>;
  /** The variables that belong to the user. */
  readonly env: Readonly<Record<string, string>>;
}

/** A user by name or number. Throws a `CommandFault` where programs may not be started as another user. */
export async function findUser(user: string): Promise<FoundUser> {
  const own = process.getuid?.();
  if (own !== 0) {
    throw refused(`the executor runs as user ${own}, and only one that runs as root may start programs as ${user}`);
  }
  const [name, , uid, gid, , home] = (await lookUp(user)).split(":");
  if (!name || !uid || !gid) throw refused(`there is no user ${user} on this machine`);
  return { ids: { uid: Number(uid), gid: Number(gid) }, env: { USER: name, LOGNAME: name, HOME: home ?? "/" } };
}

const refused = (message: string): CommandFault => new CommandFault("command_user", message, { retryable: false });

/** A line of the user database, which may be more than /etc/passwd. Empty: there is no such user. */
const lookUp = (user: string): Promise<string> =>
  promisify(execFile)("getent", ["passwd", user]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
