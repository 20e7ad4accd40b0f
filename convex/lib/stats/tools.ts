import { fnv1a } from "../hash";
import { kindOfType } from "../sessions/partKinds";
import { parsePart, readPart, type ReadPart, UNKNOWN_TOOL } from "../sessions/parts";
import type { WholePart } from "../sessions/partRows";
import { wellFormed } from "../text";
import { OTHER } from "./ledger";

/**
 * Which tools a message called, and which of its results report an error. Derived from the parts when a
 * message is delivered, and stored with it as text, so that counting reads no parts. Pure.
 */

/** Calls of a tool, and results of it that report an error. */
export type ToolCount = { calls: number; errors: number };

export type ToolUse = {
  counts: Map<string, ToolCount>;
  /** Calls without a result in the same message: the tool by the hash of the call's id. */
  open: Map<string, string>;
  /** Failed results that do not name their tool and whose call is in another message: hashes of ids. */
  failed: string[];
};

/** The most tools that one message distinguishes; the others are summed as `(other)`. */
const TOOLS_MAX = 60;
/** The most calls, and the most results, that one message leaves to be joined with another message. */
const LINKS_MAX = 40;
/** JSON with more characters is not parsed, because the parsed copy would not fit in memory. */
const LONG_CHARS = 1_000_000;
const EDGE_CHARS = 2_000;
/** Fields in JSON text. Quotes inside its strings are escaped, so these match only fields. */
const NAME = /"(?:toolName|tool_name|name|tool)":"([^"\\]{1,200})"/;
const CALL_ID =
  /"(?:toolCallId|tool_call_id|tool_use_id|toolUseId|call_id|callID|id)":"([^"\\]{1,200})"/;
const IS_ERROR = /"(?:is_error|isError)":true/;
/** The most characters of one packed name, and of all packed names of a message. */
const NAME_MAX_CHARS = 100;
const NAMES_MAX_CHARS = 1_500;

/** The tools of a message as text (`unpackToolUse` reads it); undefined if it uses none. */
export function toolUseOf(parts: readonly WholePart[]): string | undefined {
  const reader = new ToolReader();
  for (const part of parts) {
    if (mayUseTool(part)) for (const one of readWithin(part)) reader.add(one);
  }
  const packed = packToolUse(reader.finish());
  return packed === "" ? undefined : packed;
}

function mayUseTool({ type }: WholePart): boolean {
  if (type === "unknown" || type === "" || type.startsWith("tool-")) return true;
  const kind = kindOfType(type);
  return kind === "call" || kind === "result";
}

/** Interprets a part. Reads only the beginning and the end of JSON that is too long to parse. */
function readWithin(part: WholePart): ReadPart[] {
  const isText = part.format === "text" || part.format === "textAndFields";
  if (isText || part.content.length <= LONG_CHARS) return readPart(parsePart(part));
  const edges = part.content.slice(0, EDGE_CHARS) + part.content.slice(-EDGE_CHARS);
  const name = NAME.exec(edges)?.[1];
  const id = CALL_ID.exec(edges)?.[1];
  const own = id === undefined ? {} : { id };
  if (kindOfType(part.type) === "call") {
    return [{ kind: "tool-call", ...own, name: name ?? UNKNOWN_TOOL, args: undefined }];
  }
  const mark = IS_ERROR.test(edges) ? { isError: true as const } : {};
  return [{ kind: "tool-result", ...own, output: undefined, ...mark }];
}

/** Joins the results of a message with its calls. */
class ToolReader {
  readonly #counts = new Map<string, ToolCount>();
  /** The tool of each call with an id, by the hash of the id. */
  readonly #called = new Map<string, string>();
  /** The calls among these without a result so far. */
  readonly #open = new Map<string, string>();
  /** Calls without an id, which are joined in their order. */
  readonly #unnamed: string[] = [];
  readonly #failed: string[] = [];
  #chars = 0;

  add(part: ReadPart): void {
    if (part.kind === "tool-call") {
      const tool = this.#toolNamed(part.name);
      this.#countOf(tool).calls += 1;
      if (part.id === undefined) this.#unnamed.push(tool);
      else {
        this.#called.set(callKey(part.id), tool);
        this.#open.set(callKey(part.id), tool);
      }
    } else if (part.kind === "tool-result") this.#addResult(part);
  }

  finish(): ToolUse {
    return {
      counts: this.#counts,
      open: new Map(Array.from(this.#open).slice(0, LINKS_MAX)),
      failed: this.#failed.slice(0, LINKS_MAX),
    };
  }

  #addResult({ id, name, isError }: Extract<ReadPart, { kind: "tool-result" }>): void {
    const key = id === undefined ? undefined : callKey(id);
    const called = key === undefined ? this.#unnamed.shift() : this.#called.get(key);
    if (key !== undefined) this.#open.delete(key);
    if (isError === undefined) return;
    const tool = called ?? (name === undefined ? undefined : this.#toolNamed(name));
    if (tool !== undefined || key === undefined) this.#countOf(tool ?? UNKNOWN_TOOL).errors += 1;
    else this.#failed.push(key);
  }

  #toolNamed(name: string): string {
    const tool = toolName(name);
    if (this.#counts.has(tool)) return tool;
    this.#chars += packName(tool).length;
    const hasRoom = this.#counts.size < TOOLS_MAX && this.#chars <= NAMES_MAX_CHARS;
    return hasRoom ? tool : OTHER;
  }

  #countOf(tool: string): ToolCount {
    const count = this.#counts.get(tool) ?? { calls: 0, errors: 0 };
    this.#counts.set(tool, count);
    return count;
  }
}

/** The name of a tool as the ledger stores it. */
function toolName(name: string): string {
  const start = wellFormed(
    name
      .slice(0, 2 * NAME_MAX_CHARS)
      .trim()
      .slice(0, NAME_MAX_CHARS),
  );
  const tool = packName(start).length <= NAME_MAX_CHARS ? start : longestPacked(start);
  return tool === "" ? UNKNOWN_TOOL : tool;
}

/** Returns the longest prefix of a name that has at most `NAME_MAX_CHARS` characters when packed. */
function longestPacked(name: string): string {
  let packedChars = 0;
  let end = 0;
  for (const character of name) {
    packedChars += packName(character).length;
    if (packedChars > NAME_MAX_CHARS) break;
    end += character.length;
  }
  return name.slice(0, end);
}

const callKey = (id: string) => fnv1a(id).toString(36);

/** A name without the characters that separate names and numbers in packed text. */
export const packName = (name: string) => encodeURIComponent(name);
export const unpackName = (text: string) => decodeURIComponent(text);

/** Packs the numbers in base 36, separated by `:`; leaves out zeros at the end. */
export function packCount({ calls, errors }: ToolCount): string {
  return calls.toString(36) + (errors === 0 ? "" : `:${errors.toString(36)}`);
}

export function unpackCount([calls = "0", errors = "0"]: readonly string[]): ToolCount {
  return { calls: parseInt(calls, 36), errors: parseInt(errors, 36) };
}

/** `tool:calls:errors;…|call:index of its tool;…|call;…` */
function packToolUse({ counts, open, failed }: ToolUse): string {
  const tools = Array.from(counts.keys());
  const lists = [
    Array.from(counts, ([tool, count]) => `${packName(tool)}:${packCount(count)}`),
    Array.from(open, ([call, tool]) => `${call}:${tools.indexOf(tool).toString(36)}`),
    failed,
  ];
  const packed = lists.map((list) => list.join(";"));
  while (packed.at(-1) === "") packed.pop();
  return packed.join("|");
}

/** Reads the text of `toolUseOf`. */
export function unpackToolUse(text: string | undefined): ToolUse {
  const [counts = [], open = [], failed = []] = (text ?? "")
    .split("|")
    .map((list) => list.split(";").filter((one) => one !== ""));
  const read = counts.map((one) => {
    const [name = "", ...numbers] = one.split(":");
    return [unpackName(name), unpackCount(numbers)] as const;
  });
  const links = open.map((one) => {
    const [call = "", at = "0"] = one.split(":");
    return [call, read[parseInt(at, 36)]?.[0] ?? UNKNOWN_TOOL] as const;
  });
  return { counts: new Map(read), open: new Map(links), failed };
}
