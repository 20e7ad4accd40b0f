import { chunksOf } from "./chunks";
import { isOpen, type Unit, type UnitMessage, unitsOf, unitText } from "./units";
import { textHashOf, type VectorSpace } from "./vectorSpace";

/** Decides what of a stretch of conversation must be embedded. Pure but for hashing. */

/** Messages that are neighbours in one conversation, read from its stale range on. */
export type Stretch<M extends UnitMessage> = {
  messages: readonly M[];
  /** Nothing was said after the last of them. */
  isEnd: boolean;
  /** The stale range goes on behind the last of them. */
  hasMore: boolean;
  /** The conversation has rested, so that its last run counts as complete. */
  isQuiet: boolean;
};

/** A unit whose vectors are missing or outdated. */
type PlannedUnit<M extends UnitMessage> = {
  first: M;
  messages: M[];
  textHash: string;
  chunks: string[];
};

export type EmbedPlan<M extends UnitMessage> = {
  units: PlannedUnit<M>[];
  /** Messages that no unit starts with any more: their vectors go. */
  removed: M[];
  /** Order key from which the range is still stale; null when all of it is done. */
  rest: string | null;
  /** What is left is a run that may still grow. */
  isWaiting: boolean;
};

/**
 * What to embed of a stretch, so that every text is sent once: a unit whose text was embedded before
 * is left alone; a run that may still grow waits until it is complete; a run that went on after it
 * was embedded keeps its vectors, and what came after is a unit of its own.
 */
export async function planEmbeddings<M extends UnitMessage>(
  space: VectorSpace,
  stretch: Stretch<M>,
): Promise<EmbedPlan<M>> {
  const all = await splitAtEmbedded(space, unitsOf(stretch.messages));
  const { done, rest, isWaiting } = setAside(all, stretch);
  const units: PlannedUnit<M>[] = [];
  for (const { first, messages, isEmbedded } of done) {
    const text = unitText(messages);
    if (isEmbedded || text === "") continue;
    const textHash = await textHashOf(space, text);
    units.push({ first, messages, textHash, chunks: chunksOf(text) });
  }
  return { units, removed: removedOf(stretch.messages, all), rest, isWaiting };
}

type JudgedUnit<M extends UnitMessage> = Unit<M> & { isEmbedded: boolean };

/** Takes off the last unit where more may belong to it. */
function setAside<M extends UnitMessage>(all: JudgedUnit<M>[], stretch: Stretch<M>) {
  const { isEnd, hasMore, isQuiet } = stretch;
  const last = all[all.length - 1];
  const everything = { done: all, rest: hasMore ? behind(stretch) : null, isWaiting: false };
  if (last === undefined || last.isEmbedded || !isOpen(last)) return everything;
  const allButLast = { done: all.slice(0, -1), rest: last.first.orderKey };
  if (hasMore) return all.length > 1 ? { ...allButLast, isWaiting: false } : everything;
  return isEnd && !isQuiet ? { ...allButLast, isWaiting: true } : everything;
}

/** A key between the last message and the one that follows it: order keys have one length. */
function behind<M extends UnitMessage>({ messages }: Stretch<M>): string | null {
  const last = messages[messages.length - 1];
  return last === undefined ? null : `${last.orderKey}~`;
}

/** Units whose beginning was embedded as it stands are cut behind it. */
async function splitAtEmbedded<M extends UnitMessage>(space: VectorSpace, units: Unit<M>[]) {
  const split: JudgedUnit<M>[] = [];
  for (const unit of units) {
    const length = await embeddedLength(space, unit);
    const rest = unit.messages.slice(length);
    const [first] = rest;
    if (length > 0)
      split.push({ ...unit, messages: unit.messages.slice(0, length), isEmbedded: true });
    if (first !== undefined) split.push({ ...unit, first, messages: rest, isEmbedded: false });
  }
  return split;
}

/** How many of a unit's messages its vectors stand for; 0 when they stand for another text. */
async function embeddedLength<M extends UnitMessage>(
  space: VectorSpace,
  { first, messages }: Unit<M>,
): Promise<number> {
  if (first.embeddedHash === undefined) return 0;
  for (let length = messages.length; length > 0; length--) {
    const textHash = await textHashOf(space, unitText(messages.slice(0, length)));
    if (textHash === first.embeddedHash) return length;
  }
  return 0;
}

function removedOf<M extends UnitMessage>(messages: readonly M[], units: readonly Unit<M>[]): M[] {
  const starts = new Set<M>();
  for (const unit of units) if (unitText(unit.messages) !== "") starts.add(unit.first);
  return messages.filter((message) => message.embeddedHash !== undefined && !starts.has(message));
}
