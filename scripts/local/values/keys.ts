import type { Value } from "convex/values";

/**
 * Index keys: bytes whose `memcmp` order is Convex's order of values, so that an index range is a
 * plain range scan in SQLite. Every value starts with a tag in Convex's order of types:
 * undefined < null < bigint < number < boolean < string < bytes < array < object.
 */
const TAG = {
  end: 0x00,
  undefined: 0x01,
  null: 0x02,
  bigint: 0x03,
  number: 0x04,
  false: 0x05,
  true: 0x06,
  string: 0x07,
  bytes: 0x08,
  array: 0x09,
  object: 0x0a,
} as const;

/** Greater than every tag: a prefix followed by it sorts after everything that has the prefix. */
const AFTER = 0xff;

/** The most bytes of UTF-8 for one UTF-16 unit. */
const MAX_UTF8_BYTES = 3;

/** A writer keeps at most this much memory from one key to the next. */
const MAX_KEPT_BYTES = 1 << 20;

class KeyWriter {
  #bytes = Buffer.allocUnsafe(4096);
  #length = 0;

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + extra));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Two's complement with the sign flipped: unsigned order is signed order. */
  int64(value: bigint): void {
    this.#reserve(8);
    this.#bytes.writeBigUInt64BE(BigInt.asUintN(64, value) ^ (1n << 63n), this.#length);
    this.#length += 8;
  }

  /** IEEE total order: negative numbers inverted, positive ones with the sign set; -0 before 0. */
  float64(value: number): void {
    this.#reserve(8);
    this.#bytes.writeDoubleBE(value, this.#length);
    const negative = (this.#bytes[this.#length] ?? 0) >= 0x80;
    for (let i = 0; i < 8; i++) {
      const byte = this.#bytes[this.#length + i] ?? 0;
      this.#bytes[this.#length + i] = negative ? ~byte & 0xff : i === 0 ? byte | 0x80 : byte;
    }
    this.#length += 8;
  }

  /** UTF-8, written as `escaped` writes it. */
  text(source: string): void {
    if (source.includes("\0")) {
      this.escaped(Buffer.from(source, "utf8"));
      return;
    }
    this.#reserve(source.length * MAX_UTF8_BYTES + 2);
    this.#length += this.#bytes.write(source, this.#length, "utf8");
    this.#bytes[this.#length++] = 0;
    this.#bytes[this.#length++] = 0;
  }

  /** Bytes with 0x00 written as 0x00 0xFF, ended by 0x00 0x00: no key is a prefix of another. */
  escaped(source: Buffer): void {
    this.#reserve(source.length * 2 + 2);
    for (const byte of source) {
      this.#bytes[this.#length++] = byte;
      if (byte === 0) this.#bytes[this.#length++] = 0xff;
    }
    this.#bytes[this.#length++] = 0;
    this.#bytes[this.#length++] = 0;
  }

  value(value: Value | undefined): void {
    if (value === undefined) this.byte(TAG.undefined);
    else if (value === null) this.byte(TAG.null);
    else if (typeof value === "bigint") {
      this.byte(TAG.bigint);
      this.int64(value);
    } else if (typeof value === "number") {
      this.byte(TAG.number);
      this.float64(value);
    } else if (typeof value === "boolean") this.byte(value ? TAG.true : TAG.false);
    else if (typeof value === "string") {
      this.byte(TAG.string);
      this.text(value);
    } else if (value instanceof ArrayBuffer) {
      this.byte(TAG.bytes);
      this.escaped(Buffer.from(value));
    } else if (Array.isArray(value)) {
      this.byte(TAG.array);
      for (const element of value) this.value(element);
      this.byte(TAG.end);
    } else this.#object(Object.entries(value as Record<string, Value | undefined>));
  }

  #object(entries: [string, Value | undefined][]): void {
    this.byte(TAG.object);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [name, value] of entries) {
      if (value === undefined) continue;
      this.value(name);
      this.value(value);
    }
    this.byte(TAG.end);
  }

  begin(): void {
    this.#length = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(4096);
  }

  /** Returns a copy of what was written since `begin`. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }
}

/** Reused, because its memory costs more than most keys. */
const writer = new KeyWriter();

/** Encodes a tuple of values as a key in Convex's order. */
export function encodeKey(values: readonly (Value | undefined)[]): Buffer {
  writer.begin();
  for (const value of values) writer.value(value);
  return writer.finish();
}

/** Returns the smallest key above every key that starts with `prefix`. */
export function afterPrefix(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.of(AFTER)]);
}

/** Returns the smallest key above `key`. */
export function afterKey(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}

/** Sorts after every text of ASCII characters that can be printed, such as an id. */
const AFTER_ASCII = "\x7f";

/**
 * Returns the text from which on the keys of texts, `encodeKey([text])`, are at least `bound`. Holds for texts of ASCII
 * characters that can be printed.
 */
export function firstText(bound: Buffer): string {
  const [tag = TAG.end] = bound;
  if (tag !== TAG.string) return tag < TAG.string ? "" : AFTER_ASCII;
  const end = bound.indexOf("\0\0", 1);
  if (end === -1) return bound.toString("utf8", 1);
  const text = bound.toString("utf8", 1, end);
  // What follows the end makes the bound greater than the key of this text itself.
  return end + 2 === bound.length ? text : `${text}\0`;
}
