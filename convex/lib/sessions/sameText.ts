/**
 * Compares texts with all white space collapsed to single spaces. A text may have 7 MB and the heap
 * has 64 MiB, so nothing here copies a long text. Pure.
 */

/**
 * The longest text (UTF-16 units) searched for at any position; longer ones are compared from the
 * start.
 */
const SEARCHED_MAX_LENGTH = 100_000;

/** Whether the joined texts contain this one. A very long one must be at their start. */
export function containsText(texts: readonly string[], wanted: string): boolean {
  if (wanted.length > SEARCHED_MAX_LENGTH) return startsWith(texts, wanted);
  const sought = squeeze(wanted).trim();
  if (sought === "") return true;
  // Keep the end of the previous chunk, because a match may cross the boundary.
  let before = "";
  for (const chunk of chunksOf(texts)) {
    const read = squeeze(before + chunk);
    if (read.includes(sought)) return true;
    before = read.slice(-sought.length);
  }
  return false;
}

/**
 * The texts, separated by spaces, in chunks: long texts cut, and short ones together, because each chunk is searched
 * with the end of the one before it, which may be long.
 */
function* chunksOf(texts: readonly string[]): Generator<string> {
  let waiting: string[] = [];
  let length = 0;
  for (const text of texts) {
    for (let at = 0; at < text.length; at += SEARCHED_MAX_LENGTH) {
      const slice = text.slice(at, at + SEARCHED_MAX_LENGTH);
      waiting.push(slice);
      length += slice.length;
      if (length < SEARCHED_MAX_LENGTH) continue;
      yield waiting.join("");
      [waiting, length] = [[], 0];
    }
    waiting.push(" ");
    length += 1;
  }
  yield waiting.join("");
}

/** Whether the text contains each of these parts, in this order. */
export function containsInOrder(text: string, parts: readonly string[]): boolean {
  const isLong = text.length > SEARCHED_MAX_LENGTH;
  // A long text is searched without collapsing, so its parts match where white space is equal.
  const whole = isLong ? text : squeeze(text);
  let from = 0;
  for (const part of parts) {
    const sought = isLong ? part.trim() : squeeze(part).trim();
    const found = sought.length > whole.length ? -1 : whole.indexOf(sought, from);
    if (found < 0) return false;
    from = found + sought.length;
  }
  return true;
}

/** Whether two texts are equal apart from white space. */
export function isSameText(a: string, b: string): boolean {
  const [left, right] = [new SqueezedReader([a]), new SqueezedReader([b])];
  for (;;) {
    const unit = left.next();
    if (unit !== right.next()) return false;
    if (unit === END) return true;
  }
}

function startsWith(texts: readonly string[], wanted: string): boolean {
  const [reader, sought] = [new SqueezedReader(texts), new SqueezedReader([wanted])];
  for (let unit = sought.next(); unit !== END; unit = sought.next()) {
    if (reader.next() !== unit) return false;
  }
  return true;
}

const squeeze = (text: string) => text.replace(/\s+/g, " ");

const SPACE = 0x20;
const END = -1;

/** Reads texts unit by unit, with white space within and between them collapsed and trimmed. */
class SqueezedReader {
  readonly #texts: readonly string[];
  #text = 0;
  #at = 0;
  #hasBegun = false;
  /** A unit that was read while looking for the end of white space. */
  #next: number | null = null;

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  next(): number {
    if (this.#next !== null) {
      const held = this.#next;
      this.#next = null;
      return held;
    }
    let unit = this.#read();
    if (unit !== SPACE) return this.#begun(unit);
    while (unit === SPACE) unit = this.#read();
    if (unit === END || !this.#hasBegun) return this.#begun(unit);
    this.#next = unit;
    return SPACE;
  }

  #begun(unit: number): number {
    this.#hasBegun = true;
    return unit;
  }

  /** The next unit, with any white space as a space. The boundary between two texts is a space too. */
  #read(): number {
    const text = this.#texts[this.#text];
    if (text === undefined) return END;
    if (this.#at >= text.length) {
      this.#text += 1;
      this.#at = 0;
      return SPACE;
    }
    const unit = text.charCodeAt(this.#at++);
    return isSpace(unit) ? SPACE : unit;
  }
}

/** Whether a unit is white space, like `\s`. */
function isSpace(unit: number): boolean {
  if (unit <= SPACE) return unit === SPACE || (unit >= 9 && unit <= 13);
  return unit >= 0xa0 && /\s/.test(String.fromCharCode(unit));
}
