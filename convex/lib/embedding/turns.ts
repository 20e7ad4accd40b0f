import { type ReadPart, plainText } from "../sessions/parts";
import { maskText } from "../secrets/scan";
import { oneLine, utf8Length } from "../text";

/**
 * Splits a conversation into turns, which are what is embedded: a prompt and the messages that
 * answer it. One vector for both finds as well as two (`npm run bench:search`) and costs half: a
 * stored vector is billed 28 kB. A vector per message would mostly embed "let me look at the file".
 */

/** A longer turn is split, so that the work for one turn stays bounded. */
export const TURN_MAX_BYTES = 24_000;

const TOOL_LINE_MAX_CHARS = 160;

/** Shorter turns ("ok", "go ahead") get no vector, because they mean nothing by themselves. */
const TRIVIAL_MAX_BYTES = 12;

/** Arguments that best describe a tool call, in order of preference. */
const DESCRIPTIVE_ARGS = [
  "file_path filePath path notebook_path relative_path file filename url command cmd pattern query",
  "description prompt subject name skill task",
].flatMap((names) => names.split(" "));

/** What embedding needs of a message; `text` is its prose, with each tool call as one line. */
export type TurnMessage = {
  id: string;
  role: string;
  orderKey: string;
  text: string;
  /** `textHash` of the turn that was embedded starting with this message. */
  embeddedHash?: string;
};

/** A turn, identified by its first message. */
export type Turn<M extends TurnMessage = TurnMessage> = {
  first: M;
  messages: M[];
};

/**
 * Splits consecutive messages of one conversation into turns, in order. System prompts are not
 * embedded and belong to no turn. A message that an embedded turn started with starts a turn again,
 * so that a turn which continued after it was embedded becomes two turns and is not sent twice.
 */
export function turnsOf<M extends TurnMessage>(messages: readonly M[]): Turn<M>[] {
  const turns: Turn<M>[] = [];
  let turn: Turn<M> | undefined;
  let bytes = 0;
  for (const message of messages) {
    if (message.role === "system") continue;
    const isPrompt = message.role === "user";
    const starts = isPrompt || message.embeddedHash !== undefined || bytes > TURN_MAX_BYTES;
    if (turn === undefined || starts) {
      turn = { first: message, messages: [] };
      turns.push(turn);
      bytes = 0;
    }
    turn.messages.push(message);
    bytes += utf8Length(message.text);
  }
  return turns;
}

/** Whether further messages may still belong to this turn. */
export function isOpen(turn: Turn): boolean {
  return turn.messages.reduce((sum, one) => sum + utf8Length(one.text), 0) <= TURN_MAX_BYTES;
}

/** The text to embed: the texts of the messages, separated by empty lines; empty if trivial. */
export function turnText(messages: readonly TurnMessage[]): string {
  const texts = messages.map((message) => message.text.trim()).filter((text) => text !== "");
  const text = texts.join("\n\n");
  // Masked before chunking, because a chunk boundary could split a secret so that no rule matches.
  return utf8Length(text) <= TRIVIAL_MAX_BYTES ? "" : maskText(text);
}

/**
 * The text of a message for semantic search: its prose and one line per tool call. Leaves out tool
 * results and the model's thinking.
 */
export function semanticText(parts: readonly ReadPart[]): string {
  return parts
    .map((part) => {
      if (part.kind === "text") return part.text;
      return part.kind === "tool-call" ? toolLine(part.name, part.args) : "";
    })
    .filter((text) => text.trim() !== "")
    .join("\n\n");
}

/** Renders a tool call as one line: its name and its most descriptive argument. */
export function toolLine(name: string, args: unknown): string {
  const line = oneLine(maskText(`${name}: ${descriptiveArgument(args)}`));
  const cut = line.slice(0, TOOL_LINE_MAX_CHARS).replace(/[\ud800-\udbff]$/, "");
  return cut.replace(/:$/, "");
}

function descriptiveArgument(args: unknown): string {
  if (typeof args !== "object" || args === null || Array.isArray(args)) return plainText(args);
  const fields = new Map<string, unknown>(Object.entries(args));
  for (const name of DESCRIPTIVE_ARGS) {
    const value = fields.get(name);
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  return "";
}
