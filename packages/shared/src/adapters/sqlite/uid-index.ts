/**
 * Job keys by uid. A uid is a UUID in all but tests, so it is kept as four words: 100,000 take 3 MB, where a map of
 * strings takes 12. Uids of any other form are kept as they are.
 */
export interface UidIndex {
  /** 0: unknown. */
  find(uid: string): number;
  put(uid: string, key: number): void;
  drop(key: number): void;
  uidOf(key: number): string;
  /** Orders two jobs by uid, as text. */
  compare(left: number, right: number): number;
}

const WORDS = 4;
const DROPPED = -1;
const UUID_LENGTH = 36;

export function createUidIndex(): UidIndex {
  let words = new Uint32Array(1024 * WORDS);
  /** Open addressing: job keys, 0 where free. */
  let places = new Int32Array(2048);
  let used = 0;
  const odd = new Map<string, number>();
  const oddUids = new Map<number, string>();
  const probe = new Uint32Array(WORDS);

  const placeOf = (from: Uint32Array, at: number): number =>
    (Math.imul((from[at + 1] as number) ^ (from[at + 3] as number), 0x9e3779b1) ^ (from[at] as number) ^ (from[at + 2] as number)) >>> 0;

  function same(key: number): boolean {
    const at = key * WORDS;
    return words[at] === probe[0] && words[at + 1] === probe[1] && words[at + 2] === probe[2] && words[at + 3] === probe[3];
  }
  function insert(key: number): void {
    const mask = places.length - 1;
    let place = placeOf(words, key * WORDS) & mask;
    while ((places[place] as number) > 0) place = (place + 1) & mask;
    places[place] = key;
  }
  function grow(key: number): void {
    if ((key + 1) * WORDS > words.length) {
      const wider = new Uint32Array(Math.max(words.length * 2, (key + 1) * WORDS));
      wider.set(words);
      words = wider;
    }
    if ((used + 1) * 2 <= places.length) return;
    const keys = places.filter((place) => place > 0);
    places = new Int32Array(places.length * 2);
    used = keys.length;
    keys.forEach(insert);
  }
  function placeOfKey(key: number): number {
    const mask = places.length - 1;
    let place = placeOf(words, key * WORDS) & mask;
    while (places[place] !== key && places[place] !== 0) place = (place + 1) & mask;
    return place;
  }
  function uidOf(key: number): string {
    const text = oddUids.get(key);
    if (text !== undefined) return text;
    let hex = "";
    for (let word = 0; word < WORDS; word += 1) hex += (words[key * WORDS + word] as number).toString(16).padStart(8, "0");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
  return {
    find(uid) {
      if (!parseUuid(uid, probe)) return odd.get(uid) ?? 0;
      const mask = places.length - 1;
      for (let place = placeOf(probe, 0) & mask; ; place = (place + 1) & mask) {
        const key = places[place] as number;
        if (key === 0) return 0;
        if (key > 0 && same(key)) return key;
      }
    },
    put(uid, key) {
      if (!parseUuid(uid, probe)) {
        odd.set(uid, key);
        oddUids.set(key, uid);
        return;
      }
      grow(key);
      words.set(probe, key * WORDS);
      insert(key);
      used += 1;
    },
    drop(key) {
      const uid = oddUids.get(key);
      if (uid === undefined) {
        const place = placeOfKey(key);
        if (places[place] === key) places[place] = DROPPED;
        return;
      }
      odd.delete(uid);
      oddUids.delete(key);
    },
    uidOf,
    compare(left, right) {
      if (oddUids.has(left) || oddUids.has(right)) return compareTexts(uidOf(left), uidOf(right));
      for (let word = 0; word < WORDS; word += 1) {
        const difference = (words[left * WORDS + word] as number) - (words[right * WORDS + word] as number);
        if (difference !== 0) return difference;
      }
      return 0;
    },
  };
}

export const compareTexts = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** Parses a UUID in its usual lower-case form. False: it is something else, and `into` holds nothing of use. */
function parseUuid(uid: string, into: Uint32Array): boolean {
  if (uid.length !== UUID_LENGTH) return false;
  let word = 0;
  let digits = 0;
  for (let at = 0; at < UUID_LENGTH; at += 1) {
    const code = uid.charCodeAt(at);
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (code !== 0x2d) return false;
      continue;
    }
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
    if (digit < 0) return false;
    word = (word << 4) | digit;
    digits += 1;
    if ((digits & 7) === 0) into[(digits >> 3) - 1] = word;
  }
  return true;
}
