import {
  fieldsIn,
  idIn,
  isJsonObject,
  type JsonObject,
  objectsIn,
  parsedObject,
  textIn,
} from "../../json.ts";

/**
 * A Gemini CLI session in one of its two forms: one JSON document, or lines that change one. A message
 * is written again under its id, a whole list replaces all, and a rewind takes messages back. Pure.
 */
export class GeminiDocument {
  head: JsonObject = {};
  /** The messages that are shown, by id, in order. */
  shown = new Map<string, JsonObject>();
  /** Every answer that was paid for, taken back or not. */
  readonly paid = new Map<string, JsonObject>();
  readonly faults: { line?: number; reason: string }[] = [];
  isUnfinished = false;
  #unnamed = 0;

  /** Reads the text of a file, a document or lines. */
  static read(text: string): GeminiDocument {
    const document = new GeminiDocument();
    const whole = parsedObject(text);
    if (whole !== undefined) {
      document.#take(whole);
      return document;
    }
    const lines = text.split("\n");
    for (const [at, line] of lines.entries()) {
      if (line.trim() === "") continue;
      const value = parsedObject(line);
      if (value !== undefined) document.#take(value);
      else if (at === lines.length - 1) document.isUnfinished = true;
      else document.faults.push({ line: at + 1, reason: "is not JSON" });
    }
    return document;
  }

  #take(value: JsonObject): void {
    const rewind = textIn(value, "$rewindTo");
    if (rewind !== undefined) this.#rewind(rewind);
    else if (isJsonObject(value.$set)) this.#set(value.$set);
    else if (textIn(value, "type") !== undefined) this.#put(value);
    else this.#set(value);
  }

  #set(fields: JsonObject): void {
    const { messages, ...head } = fields;
    this.head = { ...this.head, ...head };
    if (!Array.isArray(messages)) return;
    this.shown = new Map();
    for (const message of objectsIn(fields, "messages")) this.#put(message);
  }

  #put(message: JsonObject): void {
    const id = idIn(message, "id") ?? `unnamed-${++this.#unnamed}`;
    const before = this.shown.get(id);
    // A resume writes answers again without what they had.
    const said = Object.entries(message).filter(([, value]) => value !== null);
    const merged = before === undefined ? message : { ...before, ...Object.fromEntries(said) };
    this.shown.set(id, { ...merged, id });
    if (message.type === "gemini" && isJsonObject(message.tokens)) this.paid.set(id, merged);
  }

  #rewind(id: string): void {
    const ids = Array.from(this.shown.keys());
    const at = ids.indexOf(id);
    if (at < 0) return;
    for (const gone of ids.slice(at)) this.shown.delete(gone);
  }
}

/** The parts of a message's content; text stands for one. */
export function partsOf(content: unknown): JsonObject[] {
  if (typeof content === "string") return content === "" ? [] : [{ text: content }];
  if (isJsonObject(content)) return [content];
  return objectsIn({ content }, "content");
}

/** Text of parts, without thoughts. */
export function textOf(content: unknown): string {
  const spoken = partsOf(content).filter(({ thought }) => thought !== true);
  return spoken.map((part) => textIn(part, "text") ?? "").join("");
}

/** The response of a tool in what a call recorded as its result. */
export function responseOf(result: unknown): unknown {
  const [first, ...more] = partsOf(result);
  if (first === undefined) return result;
  const response = fieldsIn(fieldsIn(first, "functionResponse"), "response");
  const isPlain = more.length === 0 && Object.keys(response).length === 1;
  if (!isPlain) return result;
  return response.output ?? response.error ?? response;
}
