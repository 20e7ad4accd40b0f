/**
 * Compares texts as if every run of white space was one space. A text may have 7 MB and the heap 64 MiB,
 * so that nothing here copies a long text. Pure.
 */

/** Longest text (UTF-16 units) that is searched for anywhere; a longer one only from the start. */
const SEARCHED_MAX_LENGTH = 100_000;

/** Whether the texts, one after the other, contain this one; a very long one must be at their start. */
export function saysAll(texts: readonly string[], wanted: string): boolean {
  if (wanted.length > SEARCHED_MAX_LENGTH) return startsWith(texts, wanted);
  const sought = squeeze(wanted).trim();
  if (sought === "") return true;
  // What was read last stays in front of what is read next: the text may lie across a border.
  let before = "";
  for (const text of texts) {
    for (let at = 0; at < text.length; at += SEARCHED_MAX_LENGTH) {
      const read = squeeze(before + text.slice(at, at + SEARCHED_MAX_LENGTH));
      if (read.includes(sought)) return true;
      before = read.slice(-sought.length);
    }
    before += " ";
  }
  return false;
}

/** Whether the text contains each of these, in their order. */
export function containsInOrder(text: string, parts: readonly string[]): boolean {
  const isLong = text.length > SEARCHED_MAX_LENGTH;
  // A long text is searched as it is: its parts are found where white space is the same.
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

/** Whether both are the same text. */
export function isSameText(a: string, b: string): boolean {
  const [left, right] = [new SqueezedReader([a]), new SqueezedReader([b])];
  for (;;) {
    const unit = left.next();
    if (unit !== right.next()) return false;
    if (unit === END) return true;
  }
}

function startsWith(texts: readonly string[], wanted: string): boolean {
  const [said, sought] = [new SqueezedReader(texts), new SqueezedReader([wanted])];
  for (let unit = sought.next(); unit !== END; unit = sought.next()) {
    if (said.next() !== unit) return false;
  }
  return true;
}

const squeeze = (text: string) => text.replace(/\s+/g, " ");

const SPACE = 0x20;
const END = -1;

/** Reads texts unit by unit, with one space for white space within and between them, none around them. */
class SqueezedReader {
  readonly #texts: readonly string[];
  #text = 0;
  #at = 0;
  #hasBegun = false;
  /** A unit that was read past while looking for the end of white space. */
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

  /** The next unit, white space as a space; a border between two texts is one too. */
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

/** White space as `\s` has it. */
function isSpace(unit: number): boolean {
  if (unit <= SPACE) return unit === SPACE || (unit >= 9 && unit <= 13);
  return unit >= 0xa0 && /\s/.test(String.fromCharCode(unit));
}
