import { escapedSlices } from "../jsonStream";
import type { JoinedPart, WholePart } from "./partRows";
import type { Portion } from "./portions";

/**
 * Writes messages as JSON from their stored rows, portion by portion: content that is stored as JSON is copied,
 * not parsed, and no text is ever held whole. The result equals the JSON of the message with parsed parts. Pure.
 */

type Write = (json: string) => void;
type Content = Portion & { textContent?: string; parts: readonly JoinedPart[] };

/** Writes one message: `add` its portions, then `end`. */
export class MessageJson {
  readonly #write: Write;
  #state: "fields" | "text" | "parts" = "fields";
  #hasParts = false;
  #part: PartJson | null = null;

  /** Begins with these fields. */
  constructor(write: Write, fields: object) {
    this.#write = write;
    write(JSON.stringify(fields).slice(0, -1) || "{");
    this.#isEmpty = Object.values(fields).every((value) => value === undefined);
  }

  /** Whether the object has no fields yet, so that the next one needs no comma. */
  #isEmpty: boolean;

  add({ textContent, parts, continues }: Content): void {
    if (textContent !== undefined) this.#addText(textContent, continues !== undefined);
    for (const [index, part] of parts.entries()) this.#addPart(part, index === 0 && continues);
  }

  /** Ends the message with these fields, which only its last portion tells. */
  end(fields: object = {}): void {
    this.#beginParts();
    this.#part?.end();
    this.#write(`]${fieldsJson(JSON.stringify(fields))}`);
  }

  #name(name: string): void {
    this.#write(`${this.#isEmpty ? "" : ","}"${name}":`);
    this.#isEmpty = false;
  }

  #addText(text: string, isLater: boolean): void {
    if (isLater && text === "") return;
    if (this.#state === "fields") {
      this.#name("textContent");
      this.#write('"');
      this.#state = "text";
    }
    for (const slice of escapedSlices(text)) this.#write(slice);
  }

  #beginParts(): void {
    if (this.#state === "parts") return;
    if (this.#state === "text") this.#write('"');
    this.#name("parts");
    this.#write("[");
    this.#state = "parts";
  }

  #addPart(part: JoinedPart, continues = false): void {
    this.#beginParts();
    if (!continues) {
      this.#part?.end();
      const { type, format } = part;
      this.#part = format === "packed" ? this.#packed() : this.#begin({ type, format });
    }
    this.#part?.add(part.content);
  }

  #begin(part: Pick<WholePart, "type" | "format">): PartJson {
    if (this.#hasParts) this.#write(",");
    this.#hasParts = true;
    return partJson(part, this.#write);
  }

  /** Parts that share rows: the JSON text of a list of whole parts. */
  #packed(): PartJson {
    let text = "";
    const writeOne = (json: string) => {
      const part = JSON.parse(json) as WholePart;
      const one = this.#begin(part);
      one.add(part.content);
      one.end();
    };
    return {
      add: (content) => {
        text += content;
        let from = 1;
        // Quotes inside strings are escaped, so this only stands between two parts.
        for (let at = text.indexOf('},{"', from); at >= 0; at = text.indexOf('},{"', from)) {
          writeOne(text.slice(from, at + 1));
          from = at + 2;
        }
        text = `[${text.slice(from)}`;
      },
      end: () => {
        const last = text.slice(1, -1);
        if (last !== "") writeOne(last);
      },
    };
  }
}

/** Writes one part from slices of its stored content. */
type PartJson = { add: (content: string) => void; end: () => void };

function partJson({ type, format }: Pick<WholePart, "type" | "format">, write: Write): PartJson {
  write(`{"type":${JSON.stringify(type)}`);
  switch (format) {
    case "text":
      return textJson(write);
    case "json":
      return { ...valueJson(write), end: () => write("}") };
    case "textAndFields":
      return textAndFieldsJson(write);
    case "jsonAndFields":
      return valueAndFieldsJson(write);
  }
}

function textJson(write: Write): PartJson {
  write(',"content":"');
  return {
    add: (content) => {
      for (const slice of escapedSlices(content)) write(slice);
    },
    end: () => write('"}'),
  };
}

/** JSON text; none means that there was no content. */
function valueJson(write: Write): Pick<PartJson, "add"> {
  let isBegun = false;
  return {
    add: (content) => {
      if (content === "") return;
      if (!isBegun) write(',"content":');
      isBegun = true;
      write(content);
    },
  };
}

/** JSON text, a line break, and the other fields as a JSON object. JSON text contains no line break. */
function valueAndFieldsJson(write: Write): PartJson {
  const value = valueJson(write);
  let fields: string | null = null;
  return {
    add: (content) => {
      const at = fields === null ? content.indexOf("\n") : -1;
      if (fields !== null) fields += content;
      else if (at < 0) value.add(content);
      else {
        value.add(content.slice(0, at));
        fields = content.slice(at + 1);
      }
    },
    end: () => write(fieldsJson(fields ?? "{}")),
  };
}

/** A text, a line break, and the other fields as a JSON object on the last line. */
function textAndFieldsJson(write: Write): PartJson {
  const text = textJson(write);
  /** The text since the last line break, which may be the fields. */
  let held: string[] = [];
  return {
    add: (content) => {
      const at = content.lastIndexOf("\n");
      if (at < 0 && held.length === 0) text.add(content);
      else if (at < 0) held.push(content);
      else {
        for (const slice of held) text.add(slice);
        text.add(content.slice(0, at));
        held = [content.slice(at)];
      }
    },
    end: () => {
      write('"');
      write(fieldsJson(held.join("").slice(1)));
    },
  };
}

/** The fields beside the content, as the rest of the part's object. */
function fieldsJson(object: string): string {
  return object === "{}" ? "}" : `,${object.slice(1)}`;
}
