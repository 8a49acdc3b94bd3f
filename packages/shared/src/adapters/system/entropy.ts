import { randomBytes } from "node:crypto";
import type { Entropy } from "../../ports/clock.ts";

/** Chance of the operating system. Ids of one millisecond are not ordered among themselves. */
export const systemEntropy: Entropy = {
  newId() {
    const bytes = randomBytes(16);
    bytes.writeUIntBE(Date.now(), 0, 6);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    const hex = bytes.toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  },
  newToken: () => randomBytes(16).toString("base64url"),
  random: () => Math.random(),
};
