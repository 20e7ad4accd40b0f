import { chunksOf } from "./chunks";
import { isOpen, type Turn, type TurnMessage, turnsOf, turnText } from "./turns";
import { textHashOf, type VectorSpace } from "./vectorSpace";

/** Decides which messages of a conversation must be embedded. Pure except for hashing. */

/**
 * Where a window ends: `cut` before the end of the stale range; `inside` the conversation, before a message
 * that begins a turn; or with the `last` message of the conversation.
 */
export type WindowEnd = "cut" | "inside" | "last";

/** Consecutive messages of one conversation, read from the start of its stale range. */
export type MessageWindow<M extends TurnMessage> = {
  messages: readonly M[];
  end: WindowEnd;
  /** The conversation has paused, so its last turn counts as complete. */
  isQuiet: boolean;
};

/** A turn whose vectors are missing or outdated. */
type PlannedTurn<M extends TurnMessage> = {
  first: M;
  messages: M[];
  textHash: string;
  chunks: string[];
};

/**
 * What stays stale: nothing, messages that the next round reads, or a turn that may still grow. `from` is the
 * order key at which they begin.
 */
export type Rest =
  { kind: "nothing" } | { kind: "unread"; from: string } | { kind: "growing"; from: string };

export type EmbedPlan<M extends TurnMessage> = {
  turns: PlannedTurn<M>[];
  /** Messages that no turn starts with any more; their vectors must be deleted. */
  removed: M[];
  rest: Rest;
};

/**
 * Plans the embedding of a window so that every text is sent once. Skips turns whose text was
 * embedded before. Defers a turn that may still grow. A turn that continued after it was embedded
 * keeps its vectors, and the later messages form a turn of their own.
 */
export async function planEmbeddings<M extends TurnMessage>(
  space: VectorSpace,
  window: MessageWindow<M>,
): Promise<EmbedPlan<M>> {
  const all = await splitAtEmbedded(space, turnsOf(window.messages));
  const { done, rest } = deferLastTurn(all, window);
  const turns: PlannedTurn<M>[] = [];
  for (const { first, messages, isEmbedded } of done) {
    const text = turnText(messages);
    if (isEmbedded || text === "") continue;
    const textHash = await textHashOf(space, text);
    turns.push({ first, messages, textHash, chunks: chunksOf(text) });
  }
  return { turns, removed: removedOf(window.messages, all), rest };
}

type CheckedTurn<M extends TurnMessage> = Turn<M> & { isEmbedded: boolean };

/** Defers the last turn if more messages may belong to it. */
function deferLastTurn<M extends TurnMessage>(
  all: CheckedTurn<M>[],
  { messages, end, isQuiet }: MessageWindow<M>,
): { done: CheckedTurn<M>[]; rest: Rest } {
  const last = all[all.length - 1];
  const isComplete = last === undefined || last.isEmbedded || !isOpen(last);
  if (!isComplete && end === "last" && !isQuiet) {
    return { done: all.slice(0, -1), rest: { kind: "growing", from: last.first.orderKey } };
  }
  if (end !== "cut") return { done: all, rest: { kind: "nothing" } };
  // A turn longer than a window is embedded in pieces.
  if (isComplete || all.length === 1) return { done: all, rest: restAfter(messages) };
  return { done: all.slice(0, -1), rest: { kind: "unread", from: last.first.orderKey } };
}

/** The rest after the last message. Order keys are equally long, so this longer key sorts before the next one. */
function restAfter(messages: readonly TurnMessage[]): Rest {
  const last = messages[messages.length - 1];
  return last === undefined ? { kind: "nothing" } : { kind: "unread", from: `${last.orderKey}~` };
}

/** Splits turns after the beginning that was embedded unchanged. */
async function splitAtEmbedded<M extends TurnMessage>(space: VectorSpace, turns: Turn<M>[]) {
  const split: CheckedTurn<M>[] = [];
  for (const turn of turns) {
    const length = await embeddedLength(space, turn);
    const rest = turn.messages.slice(length);
    const [first] = rest;
    if (length > 0)
      split.push({ ...turn, messages: turn.messages.slice(0, length), isEmbedded: true });
    if (first !== undefined) split.push({ ...turn, first, messages: rest, isEmbedded: false });
  }
  return split;
}

/** How many messages of a turn its vectors cover; 0 when they were made from another text. */
async function embeddedLength<M extends TurnMessage>(
  space: VectorSpace,
  { first, messages }: Turn<M>,
): Promise<number> {
  if (first.embeddedHash === undefined) return 0;
  for (let length = messages.length; length > 0; length--) {
    const textHash = await textHashOf(space, turnText(messages.slice(0, length)));
    if (textHash === first.embeddedHash) return length;
  }
  return 0;
}

function removedOf<M extends TurnMessage>(messages: readonly M[], turns: readonly Turn<M>[]): M[] {
  const starts = new Set<M>();
  for (const turn of turns) if (turnText(turn.messages) !== "") starts.add(turn.first);
  return messages.filter((message) => message.embeddedHash !== undefined && !starts.has(message));
}
