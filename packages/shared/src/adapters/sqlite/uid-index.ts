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

interface UidState {
  /** Four for each key. */
  words: Uint32Array;
  /** Open addressing: job keys, 0 where free, less where a key was dropped. */
  places: Int32Array;
  used: number;
  readonly odd: Map<string, number>;
  readonly oddUids: Map<number, string>;
  /** The uid in question, parsed. */
  readonly probe: Uint32Array;
}

export function createUidIndex(): UidIndex {
  const state: UidState = {
    words: new Uint32Array(1_024 * WORDS),
    places: new Int32Array(2_048),
    used: 0,
    odd: new Map(),
    oddUids: new Map(),
    probe: new Uint32Array(WORDS),
  };
  return {
    find: (uid) => (parseUuid(uid, state.probe) ? findProbe(state) : (state.odd.get(uid) ?? 0)),
    put(uid, key) {
      if (parseUuid(uid, state.probe)) {
        putProbe(state, key);
        return;
      }
      state.odd.set(uid, key);
      state.oddUids.set(key, uid);
    },
    drop: (key) => drop(state, key),
    uidOf: (key) => uidOf(state, key),
    compare: (left, right) => compare(state, left, right),
  };
}

/** Where the search for four words begins. */
function firstPlace(words: Uint32Array, at: number): number {
  const [first, second, third, fourth] = [words[at], words[at + 1], words[at + 2], words[at + 3]] as [number, number, number, number];
  return (Math.imul(second ^ fourth, 0x9e3779b1) ^ first ^ third) >>> 0;
}

function findProbe({ words, places, probe }: UidState): number {
  const mask = places.length - 1;
  for (let place = firstPlace(probe, 0) & mask; ; place = (place + 1) & mask) {
    const key = places[place] as number;
    if (key === 0) return 0;
    const at = key * WORDS;
    if (key > 0 && words[at] === probe[0] && words[at + 1] === probe[1] && words[at + 2] === probe[2] && words[at + 3] === probe[3])
      return key;
  }
}

function putProbe(state: UidState, key: number): void {
  grow(state, key);
  state.words.set(state.probe, key * WORDS);
  insert(state, key);
  state.used += 1;
}

function insert({ words, places }: UidState, key: number): void {
  const mask = places.length - 1;
  let place = firstPlace(words, key * WORDS) & mask;
  while ((places[place] as number) > 0) place = (place + 1) & mask;
  places[place] = key;
}

function grow(state: UidState, key: number): void {
  if ((key + 1) * WORDS > state.words.length) {
    const wider = new Uint32Array(Math.max(state.words.length * 2, (key + 1) * WORDS));
    wider.set(state.words);
    state.words = wider;
  }
  if ((state.used + 1) * 2 <= state.places.length) return;
  const keys = state.places.filter((place) => place > 0);
  state.places = new Int32Array(state.places.length * 2);
  state.used = keys.length;
  keys.forEach((kept) => insert(state, kept));
}

function drop({ words, places, odd, oddUids }: UidState, key: number): void {
  const uid = oddUids.get(key);
  if (uid !== undefined) {
    odd.delete(uid);
    oddUids.delete(key);
    return;
  }
  const mask = places.length - 1;
  let place = firstPlace(words, key * WORDS) & mask;
  while (places[place] !== key && places[place] !== 0) place = (place + 1) & mask;
  if (places[place] === key) places[place] = DROPPED;
}

function uidOf({ words, oddUids }: UidState, key: number): string {
  const text = oddUids.get(key);
  if (text !== undefined) return text;
  let hex = "";
  for (let word = 0; word < WORDS; word += 1) hex += (words[key * WORDS + word] as number).toString(16).padStart(8, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The words of a UUID stand in the order of its text. */
function compare(state: UidState, left: number, right: number): number {
  const { words, oddUids } = state;
  if (oddUids.size > 0 && (oddUids.has(left) || oddUids.has(right))) return compareTexts(uidOf(state, left), uidOf(state, right));
  for (let word = 0; word < WORDS; word += 1) {
    const difference = (words[left * WORDS + word] as number) - (words[right * WORDS + word] as number);
    if (difference !== 0) return difference;
  }
  return 0;
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
