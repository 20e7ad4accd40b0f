import { cutToFit, estimateTokens } from "./tokens";

/** What an entry may be cut to at the least; a shorter scrap says nothing. */
const MIN_ENTRY_TOKENS = 60;

const ENTRIES_PER_SESSION = 3;

/** What one message says. */
export type Turn = { messageId: string; role: string; text: string };

/** A passage that answers, with its neighbours, in the order of the conversation. */
export type ContextPassage = {
  sessionId: string;
  title: string;
  project?: string;
  createdAt: number;
  score: number;
  /** The message that answers; kept when its neighbours do not fit. */
  messageId?: string;
  turns: readonly Turn[];
};

/** A passage as it was packed; `citation` is its number in the text, from 1. */
export type ContextEntry<P extends ContextPassage> = P & { citation: number; content: string };

/** What fits: the entries, the text made of them, and what that text costs at most. */
export type PackedContext<P extends ContextPassage> = {
  entries: ContextEntry<P>[];
  text: string;
  tokens: number;
};

type Budget = { maxTokens: number; limit: number };

/**
 * Packs passages, best first, into a text of at most `maxTokens`: no message and no wording twice, at
 * most three passages of one session, each under its citation. A passage that is too long loses its
 * neighbours first and is then cut; one that would keep less than a few lines is left out.
 */
export function packContext<P extends ContextPassage>(
  passages: readonly P[],
  budget: Budget,
): PackedContext<P> {
  const entries: ContextEntry<P>[] = [];
  const seen = new Set<string>();
  const perSession = new Map<string, number>();
  let text = "";
  for (const passage of passages) {
    if (entries.length >= budget.limit) break;
    const count = perSession.get(passage.sessionId) ?? 0;
    const turns = passage.turns.filter((turn) => isNew(turn, seen));
    if (count >= ENTRIES_PER_SESSION || !holdsAnswer(passage, turns)) continue;
    const entry = fit({ ...passage, turns }, entries.length + 1, text, budget.maxTokens);
    if (entry === undefined) continue;
    entries.push(entry);
    perSession.set(passage.sessionId, count + 1);
    for (const turn of entry.turns) markSeen(turn, seen);
    text = joined(text, render(entry));
  }
  return { entries, text, tokens: estimateTokens(text) };
}

/** The passage with as much around it as the budget takes; undefined when not even a part fits. */
function fit<P extends ContextPassage>(
  passage: P,
  citation: number,
  before: string,
  maxTokens: number,
) {
  const entryOf = (turns: readonly Turn[]): ContextEntry<P> => ({
    ...passage,
    turns,
    citation,
    content: contentOf(turns),
  });
  const fits = (entry: ContextEntry<P>) =>
    estimateTokens(joined(before, render(entry))) <= maxTokens;
  const whole = entryOf(passage.turns);
  if (fits(whole)) return whole;
  const answer = passage.turns.filter((turn) => turn.messageId === passage.messageId);
  const alone = answer.length > 0 ? answer : passage.turns.slice(0, 1);
  if (fits(entryOf(alone))) return entryOf(alone);
  const [turn] = alone;
  if (turn === undefined) return undefined;
  const shortened = (text: string) => entryOf([{ ...turn, text: `${text}…` }]);
  const text = cutToFit(turn.text, (head) => fits(shortened(head)));
  return estimateTokens(text) >= MIN_ENTRY_TOKENS ? shortened(text) : undefined;
}

function joined(before: string, next: string): string {
  return before === "" ? next : `${before}\n\n${next}`;
}

function contentOf(turns: readonly Turn[]): string {
  return turns.map((turn) => `${labelOf(turn.role)}: ${turn.text.trim()}`).join("\n\n");
}

function render(entry: ContextEntry<ContextPassage>): string {
  const day = new Date(entry.createdAt).toISOString().slice(0, 10);
  const where = [entry.project, day].filter((one) => one !== undefined && one !== "").join(", ");
  return `[${entry.citation}] ${entry.title} (${where})\n${entry.content}`;
}

function labelOf(role: string): string {
  return role.charAt(0).toUpperCase() + role.slice(1);
}

function holdsAnswer(passage: ContextPassage, turns: readonly Turn[]): boolean {
  if (passage.messageId === undefined) return turns.length > 0;
  return turns.some((turn) => turn.messageId === passage.messageId);
}

function isNew(turn: Turn, seen: ReadonlySet<string>): boolean {
  return turn.text.trim() !== "" && !seen.has(turn.messageId) && !seen.has(wording(turn));
}

function markSeen(turn: Turn, seen: Set<string>): void {
  seen.add(turn.messageId);
  seen.add(wording(turn));
}

/** The same words are the same content, whoever said them and however they were spaced. */
function wording(turn: Turn): string {
  return `text:${turn.text.replace(/\s+/g, " ").trim().toLowerCase()}`;
}
