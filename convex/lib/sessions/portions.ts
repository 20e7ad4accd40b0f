import { shortCount } from "../stats/labels";
import { jsonPrefix, jsonStringUnits, utf8Length } from "../text";
import type { JoinedPart } from "./partRows";

/**
 * A message larger than one query may return comes in portions, cut between rows. Readers that return
 * everything write them one after the other (`messageJson.ts`); readers that interpret a message join them here
 * up to a bound, because interpreting needs several copies of a text. Pure.
 */

/** What a portion has in addition to the fields of a message; both are absent on a whole message. */
export type Portion = {
  /** On later portions: whether the first part continues the last part of the portion before. */
  continues?: boolean;
  /** Bytes of the portions after this one; absent on the last. */
  restBytes?: number;
};

/** The content of a portion. */
type Content = Portion & { textContent?: string; parts: readonly JoinedPart[] };

/**
 * The most characters of a message that are interpreted, and of its text or of one part; V8 takes up to two bytes
 * for each. Counted as JSON writes them, because most formats do: a control character takes six.
 */
const BOUNDS = { message: 2_000_000, part: 1_000_000 };

/** A message joined from its portions. */
export type Joined = {
  textContent?: string;
  parts: JoinedPart[];
  /** Whether some of it was left out, which its text then says. */
  isCut: boolean;
};

/** Describes what a reader leaves out of a message. */
export const leftOut = (bytes: number) => `… ${shortCount(bytes)}B more of this message`;

/** Joins the portions of one message, up to the bounds. */
export class PortionJoiner {
  readonly #texts: Beginning;
  readonly #parts: { part: JoinedPart; content: Beginning }[] = [];
  #hasText = false;
  #chars = 0;
  /** Bytes of whole parts that were left out. */
  #dropped = 0;

  constructor(private readonly bounds = BOUNDS) {
    this.#texts = new Beginning(bounds.part);
  }

  /** Adds the next portion. */
  add({ textContent, parts, continues }: Content): void {
    if (textContent !== undefined && (continues === undefined || textContent !== "")) {
      this.#hasText = true;
      this.#chars += this.#texts.add(textContent, this.#room());
    }
    for (const [index, part] of parts.entries()) this.#addPart(part, index === 0 && continues);
  }

  /** The message so far. `restBytes` counts the portions that are not joined. */
  end(restBytes = 0): Joined {
    const isOpen = restBytes > 0;
    const last = this.#parts.length - 1;
    const parts = this.#parts.map(({ part, content }, at) =>
      content.isCut || (isOpen && at === last)
        ? cutPart(part, content)
        : { ...part, content: content.text() },
    );
    const dropped = this.#dropped + restBytes;
    if (dropped > 0) parts.push({ type: "text", format: "text", content: leftOut(dropped) });
    return {
      ...(this.#hasText ? { textContent: this.#texts.noted() } : {}),
      parts,
      isCut: dropped > 0 || this.#texts.isCut || this.#parts.some(({ content }) => content.isCut),
    };
  }

  #room(): number {
    return this.bounds.message - this.#chars;
  }

  #addPart(part: JoinedPart, continues = false): void {
    const last = this.#parts[this.#parts.length - 1];
    if (continues && this.#dropped === 0 && last !== undefined) {
      this.#chars += last.content.add(part.content, this.#room());
    } else if (this.#room() <= 0) {
      this.#dropped += utf8Length(part.content);
    } else {
      const content = new Beginning(this.bounds.part);
      this.#chars += content.add(part.content, this.#room());
      this.#parts.push({ part, content });
    }
  }
}

/** The beginning of a text that arrives in slices. */
class Beginning {
  readonly #slices: string[] = [];
  #chars = 0;
  #leftOut = 0;

  constructor(private readonly maxChars: number) {}

  get isCut(): boolean {
    return this.#leftOut > 0;
  }

  /** Adds a slice as far as there is room; returns the characters kept, as JSON writes them. */
  add(slice: string, room: number): number {
    const max = this.isCut ? 0 : Math.max(0, Math.min(room, this.maxChars - this.#chars));
    let chars = jsonStringUnits(slice);
    let kept = slice;
    if (chars > max) {
      kept = jsonPrefix(slice, max);
      chars = jsonStringUnits(kept);
      this.#leftOut += utf8Length(slice.slice(kept.length));
    }
    if (kept !== "") this.#slices.push(kept);
    this.#chars += chars;
    return chars;
  }

  text(): string {
    return this.#slices.join("");
  }

  /** The text, with a note if it was cut. */
  noted(): string {
    return this.isCut ? `${this.text()}\n${leftOut(this.#leftOut)}` : this.text();
  }
}

/** A part whose end is missing: its JSON cannot be parsed, so it becomes text. */
function cutPart({ type, format }: JoinedPart, content: Beginning): JoinedPart {
  if (format !== "packed") return { type, format: "text", content: content.noted() };
  const text = content.text();
  // Packed parts are flat objects of strings, in which a quote is escaped: this separates two of them.
  const end = text.lastIndexOf('},{"');
  return { type, format, content: end < 0 ? "[]" : `${text.slice(0, end)}}]` };
}

/** A whole message, or one portion of it that is read by itself. */
export function joinPortion<Message extends Content>(
  message: Message,
): Omit<Message, "parts" | "textContent" | keyof Portion> & Joined {
  const { textContent, parts, continues = false, restBytes, ...fields } = message;
  const joiner = new PortionJoiner({ message: Infinity, part: Infinity });
  const [first, ...others] = parts;
  const readable = continues && first ? [withoutBeginning(first), ...others] : parts;
  joiner.add({ textContent, parts: readable });
  return { ...fields, ...joiner.end(restBytes) };
}

/** A part whose beginning is missing. */
function withoutBeginning({ type, format, content }: JoinedPart): JoinedPart {
  if (format !== "packed") return { type, format: "text", content };
  const start = content.indexOf('},{"');
  return { type, format, content: start < 0 ? "[]" : `[${content.slice(start + 2)}` };
}
