import type { FileFacts } from "../../lib/sessions/files";
import type { ReadPart } from "../../lib/sessions/parts";

/** A message as the pages read it: its parts in order, in one common form. */
export type ConversationMessage = {
  id: string;
  role: string;
  createdAt: number;
  model?: string;
  totalTokens?: number;
  promptTokens?: number;
  completionTokens?: number;
  cost?: number;
  durationMs?: number;
  parts: readonly ReadPart[];
};

/** One block of a turn. A call and its result form one block, wherever the result was sent. */
export type Block =
  | { kind: "text" | "thinking"; text: string }
  | { kind: "call"; name: string; args: unknown; result: { output: unknown } | undefined }
  | { kind: "result"; name: string | undefined; output: unknown }
  | { kind: "file"; file: FileFacts }
  | { kind: "other"; type: string; content: unknown };

/** The blocks of one message. */
export type TurnMessage = { id: string; blocks: Block[] };

/** Consecutive messages of one side: one prompt, or the answers and tool calls after it. */
export type Turn = {
  side: "user" | "assistant" | "system" | "unknown";
  startedAt: number;
  model?: string;
  totalTokens?: number;
  cost?: number;
  durationMs?: number;
  messages: TurnMessage[];
};

type Call = Extract<Block, { kind: "call" }>;

/** Calls without a result so far: by id, or in order for those without an id. */
type Open = { byId: Map<string, Call>; unnamed: Call[] };

/** Groups messages into turns, and puts each result into the block of its call. */
export function turnsOf(messages: readonly ConversationMessage[]): Turn[] {
  const turns: Turn[] = [];
  const open: Open = { byId: new Map(), unnamed: [] };
  for (const message of messages) {
    const side = sideOf(message);
    const blocks = blocksOf(message.parts, open);
    const last = turns[turns.length - 1];
    const turn =
      last !== undefined && last.side === side && side !== "user"
        ? last
        : begin(turns, side, message);
    if (blocks.length > 0) turn.messages.push({ id: message.id, blocks });
    count(turn, message);
  }
  return turns.filter(({ messages: own }) => own.length > 0);
}

function begin(turns: Turn[], side: Turn["side"], { createdAt }: ConversationMessage): Turn {
  const turn: Turn = { side, startedAt: createdAt, messages: [] };
  turns.push(turn);
  return turn;
}

/** Tool results belong to the assistant's turn, even if a plugin sends them as the user. */
function sideOf({ role, parts }: ConversationMessage): Turn["side"] {
  const isResults = parts.length > 0 && parts.every(({ kind }) => kind === "tool-result");
  if (role === "tool" || role === "assistant" || isResults) return "assistant";
  return role === "user" || role === "system" ? role : "unknown";
}

function blocksOf(parts: readonly ReadPart[], open: Open): Block[] {
  const blocks: Block[] = [];
  for (const part of parts) {
    const block = blockOf(part, open);
    if (block !== undefined) blocks.push(block);
  }
  return blocks;
}

function blockOf(part: ReadPart, open: Open): Block | undefined {
  switch (part.kind) {
    case "text":
    case "thinking":
      return part.text.trim() === "" ? undefined : { kind: part.kind, text: part.text };
    case "tool-call": {
      const call: Call = { kind: "call", name: part.name, args: part.args, result: undefined };
      if (part.id === undefined) open.unnamed.push(call);
      else open.byId.set(part.id, call);
      return call;
    }
    case "tool-result": {
      const call = takeCall(part, open);
      if (call === undefined) return { kind: "result", name: part.name, output: part.output };
      call.result = { output: part.output };
      return undefined;
    }
    case "file":
      return { kind: "file", file: part.file };
    case "other":
      return { kind: "other", type: part.type, content: part.content };
  }
}

/**
 * The call that a result belongs to: by id, otherwise the oldest open call without an id with this
 * name.
 */
function takeCall(
  { id, name }: Extract<ReadPart, { kind: "tool-result" }>,
  open: Open,
): Call | undefined {
  if (id !== undefined) {
    const call = open.byId.get(id);
    open.byId.delete(id);
    return call;
  }
  const index = open.unnamed.findIndex((call) => name === undefined || call.name === name);
  return index < 0 ? undefined : open.unnamed.splice(index, 1)[0];
}

function count(turn: Turn, message: ConversationMessage): void {
  const { model, cost, durationMs, promptTokens, completionTokens } = message;
  const totalTokens = message.totalTokens ?? sum(promptTokens, completionTokens);
  if (model !== undefined) turn.model = model;
  turn.totalTokens = sum(turn.totalTokens, totalTokens);
  turn.cost = sum(turn.cost, cost);
  turn.durationMs = sum(turn.durationMs, durationMs);
}

/** Adds numbers; unknown does not count as zero. */
function sum(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : a + b;
}
