import { type ReadPart, plainText } from "../sessions/parts";
import { maskText } from "../secrets/scan";
import { oneLine, utf8Length } from "../text";

/**
 * Units of meaning: what is embedded together. A unit is a turn: a prompt and the messages that answer
 * it. One vector for both finds as well as two (`npm run bench:search`) and costs half: a stored vector
 * is billed 28 kB. A vector for every message would be dozens of "let me look at the file".
 */

/** A longer turn is several units, so that what is read and sent for one stays bounded. */
export const RUN_MAX_BYTES = 24_000;

const TOOL_LINE_MAX_CHARS = 160;

/** A turn that says less ("ok", "go ahead") has no vector: it means nothing by itself. */
const TRIVIAL_MAX_BYTES = 12;

/** Arguments that say what a call was about, the most telling first. */
const TELLING_ARGS = [
  "file_path filePath path notebook_path relative_path file filename url command cmd pattern query",
  "description prompt subject name skill task",
].flatMap((names) => names.split(" "));

/** A message as far as its unit needs it; `text` is its prose with its tool calls as lines. */
export type UnitMessage = {
  id: string;
  role: string;
  orderKey: string;
  text: string;
  /** `textHash` of the unit that was embedded starting here. */
  embeddedHash?: string;
};

/** A unit, known by its first message. */
export type Unit<M extends UnitMessage = UnitMessage> = {
  first: M;
  messages: M[];
};

/**
 * The units of consecutive messages of one conversation, in order. Messages that are not embedded
 * (system prompts) belong to none. A message that an embedded unit started with starts one again, so
 * that a turn which continued after it was embedded becomes two units instead of being sent twice.
 */
export function unitsOf<M extends UnitMessage>(messages: readonly M[]): Unit<M>[] {
  const units: Unit<M>[] = [];
  let unit: Unit<M> | undefined;
  let bytes = 0;
  for (const message of messages) {
    if (message.role === "system") continue;
    const isPrompt = message.role === "user";
    const starts = isPrompt || message.embeddedHash !== undefined || bytes > RUN_MAX_BYTES;
    if (unit === undefined || starts) {
      unit = { first: message, messages: [] };
      units.push(unit);
      bytes = 0;
    }
    unit.messages.push(message);
    bytes += utf8Length(message.text);
  }
  return units;
}

/** Whether further messages may still belong to this unit. */
export function isOpen(unit: Unit): boolean {
  return unit.messages.reduce((sum, one) => sum + utf8Length(one.text), 0) <= RUN_MAX_BYTES;
}

/** What is embedded of a unit: what its messages say, an empty line between them; nothing if trivial. */
export function unitText(messages: readonly UnitMessage[]): string {
  const texts = messages.map((message) => message.text.trim()).filter((text) => text !== "");
  const text = texts.join("\n\n");
  // Masked whole, because chunks may cut a secret in two that no rule knows.
  return utf8Length(text) <= TRIVIAL_MAX_BYTES ? "" : maskText(text);
}

/**
 * What a message says to a reader who looks for it by meaning: its prose, and a line for each tool
 * call. Never what a tool answered, nor the model's thinking.
 */
export function meaningOf(parts: readonly ReadPart[]): string {
  return parts
    .map((part) => {
      if (part.kind === "text") return part.text;
      return part.kind === "tool-call" ? toolLine(part.name, part.args) : "";
    })
    .filter((text) => text.trim() !== "")
    .join("\n\n");
}

/** A tool call as one line: its name and the argument that says most. */
export function toolLine(name: string, args: unknown): string {
  const line = oneLine(maskText(`${name}: ${tellingArgument(args)}`));
  const cut = line.slice(0, TOOL_LINE_MAX_CHARS).replace(/[\ud800-\udbff]$/, "");
  return cut.replace(/:$/, "");
}

function tellingArgument(args: unknown): string {
  if (typeof args !== "object" || args === null || Array.isArray(args)) return plainText(args);
  const fields = new Map<string, unknown>(Object.entries(args));
  for (const name of TELLING_ARGS) {
    const value = fields.get(name);
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  return "";
}
