import { randomBytes } from "node:crypto";

/**
 * Document ids in Convex's format: table number, 16 bytes and a checksum, as 32 characters of lower-case
 * base32. Opaque to callers; the checksum detects invalid ids. The 16 bytes begin with the time, so that new
 * documents are adjacent in the file.
 */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS = new Map([...ALPHABET].map((character, digit) => [character, digit]));
const INTERNAL_BYTES = 16;
const TIME_BYTES = 6;

/** The most bytes of a table's number. */
const MAX_NUMBER_BYTES = 5;
const CHECKSUM_BYTES = 2;
const MAX_ID_BYTES = MAX_NUMBER_BYTES + INTERNAL_BYTES + CHECKSUM_BYTES;

/** Writes a number with seven bits a byte, lowest first; returns where it ends. */
function writeVarint(bytes: Buffer, number: number): number {
  let at = 0;
  let rest = number;
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** Fletcher-16 of the first bytes, which detects swapped and mistyped characters. */
function checksum(bytes: Uint8Array, length: number): { low: number; high: number } {
  let low = 0;
  let high = 0;
  for (let at = 0; at < length; at++) {
    low = (low + (bytes[at] ?? 0)) % 255;
    high = (high + low) % 255;
  }
  return { low, high };
}

function toBase32(bytes: Uint8Array, length: number): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (let at = 0; at < length; at++) {
    held = (held << 8) | (bytes[at] ?? 0);
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >>> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}

function fromBase32(text: string): Uint8Array | null {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const character of text) {
    const digit = DIGITS.get(character);
    if (digit === undefined) return null;
    held = (held << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >>> bits) & 0xff);
      held &= (1 << bits) - 1;
    }
  }
  // No bits or characters may be left over.
  return held === 0 && bits < 5 ? Uint8Array.from(bytes) : null;
}

/** Random bytes as hexadecimal text, to tell requests apart. */
export function randomName(bytes: number): string {
  return randomPart(bytes).toString("hex");
}

/** A pool, because generating random bytes in bulk is cheaper. */
let pool = Buffer.alloc(0);

function randomPart(length: number): Buffer {
  if (pool.length < length) pool = randomBytes(4096);
  const taken = pool.subarray(0, length);
  pool = pool.subarray(length);
  return taken;
}

/** Reused, because ids are created all the time. */
const idBytes = Buffer.alloc(MAX_ID_BYTES);

/** Creates an id in the table with this number. */
export function newId(tableNumber: number): string {
  let length = writeVarint(idBytes, tableNumber);
  length = idBytes.writeUIntBE(Date.now(), length, TIME_BYTES);
  length += randomPart(INTERNAL_BYTES - TIME_BYTES).copy(idBytes, length);
  const { low, high } = checksum(idBytes, length);
  idBytes[length++] = low;
  idBytes[length++] = high;
  return toBase32(idBytes, length);
}

/** Returns bounds of the ids of a table: lower ≤ id < upper. A checksum has no byte 0xFF, so the upper one is no id. */
export function idsOf(tableNumber: number): { lower: string; upper: string } {
  const bound = (fill: number) => {
    const bytes = Buffer.alloc(MAX_ID_BYTES, fill);
    return toBase32(bytes, writeVarint(bytes, tableNumber) + INTERNAL_BYTES + CHECKSUM_BYTES);
  };
  return { lower: bound(0), upper: bound(0xff) };
}

/** Numbers of tables by id. The same few ids, of users and sessions, are checked with every document. */
const known = new Map<string, number>();
const MAX_KNOWN = 10_000;

/** Returns the number of an id's table, or null if the text is not an id. */
export function tableNumberOf(id: string): number | null {
  if (id.length < 31 || id.length > 37) return null;
  const number = known.get(id) ?? readTableNumber(id);
  if (number === null) return null;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(id, number);
  return number;
}

function readTableNumber(id: string): number | null {
  const bytes = fromBase32(id);
  if (bytes === null) return null;
  let number = 0;
  let used = 0;
  for (let more = true; more; used++) {
    const byte = bytes[used];
    if (byte === undefined || used >= MAX_NUMBER_BYTES) return null;
    number += (byte & 0x7f) * 2 ** (7 * used);
    more = byte >= 0x80;
  }
  if (bytes.length !== used + INTERNAL_BYTES + CHECKSUM_BYTES) return null;
  const { low, high } = checksum(bytes, bytes.length - 2);
  return bytes.at(-2) === low && bytes.at(-1) === high ? number : null;
}
