import { readFileSync } from "node:fs";
import { AppError } from "@tickline/shared/domain/app-error";

/** Keys by name, for Standard Webhooks. */
export type SigningKeys = ReadonlyMap<string, Buffer>;

export const KEY_NAME = /^[a-z][a-z0-9._-]{0,63}$/;
const PREFIX = "whsec_";
/** Of Standard Webhooks. */
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;

/** Reads `SIGNING_KEYS_FILE`. Throws `bad_config` with every fault, and never shows a key. */
export function loadSigningKeys(file: string): SigningKeys {
  const { keys, faults } = parseSigningKeys(readKeysFile(file));
  if (faults.length > 0) throw new AppError("bad_config", `SIGNING_KEYS_FILE=${file} is not usable:\n  ${faults.join("\n  ")}`);
  return keys;
}

function readKeysFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new AppError("bad_config", `SIGNING_KEYS_FILE=${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Lines of `name=whsec_…`; empty lines and those that begin with `#` are skipped. */
export function parseSigningKeys(text: string): { readonly keys: SigningKeys; readonly faults: readonly string[] } {
  const keys = new Map<string, Buffer>();
  const faults: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [, name = "", value = ""] = /^([^=]*?)\s*=\s*(.*)$/.exec(line) ?? [];
    const key = decodeKey(value);
    if (!KEY_NAME.test(name))
      faults.push(`line ${index + 1}: must be name=${PREFIX}…, with a name of lower-case letters, digits, dots, underscores or hyphens`);
    else if (keys.has(name)) faults.push(`line ${index + 1}: the key ${name} is defined twice`);
    else if (key === null)
      faults.push(`line ${index + 1}: the key ${name} must be ${PREFIX} and the base64 of ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} bytes`);
    else keys.set(name, key);
  }
  return { keys, faults };
}

function decodeKey(value: string): Buffer | null {
  const base64 = value.startsWith(PREFIX) ? value.slice(PREFIX.length) : "";
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const key = Buffer.from(base64, "base64");
  return key.length >= KEY_BYTES_MIN && key.length <= KEY_BYTES_MAX ? key : null;
}
