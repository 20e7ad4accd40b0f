import { roleLabel } from "../enums";
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
 * Packs passages, offered best first, into a text of at most `maxTokens`: no message and no wording
 * twice, at most three passages of one session, each under its citation. A passage that is too long
 * loses its neighbours first and is then cut; one that would keep less than a few lines is left out.
 */
export class ContextPacker<P extends ContextPassage> {
  readonly #budget: Budget;
  readonly #entries: ContextEntry<P>[] = [];
  readonly #seen = new Set<string>();
  readonly #perSession = new Map<string, number>();
  #text = "";

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Nothing more is taken: there are as many passages as asked for, or too few tokens are left. */
  get isFull(): boolean {
    const left = this.#budget.maxTokens - estimateTokens(this.#text);
    return this.#entries.length >= this.#budget.limit || left < MIN_ENTRY_TOKENS;
  }

  /** Whether a passage of the session may be taken; one that may not need not be read. */
  takesFrom(sessionId: string): boolean {
    return !this.isFull && (this.#perSession.get(sessionId) ?? 0) < ENTRIES_PER_SESSION;
  }

  /** Takes what is new of a passage, if it fits. */
  offer(passage: P): void {
    if (!this.takesFrom(passage.sessionId)) return;
    const turns = passage.turns.filter((turn) => isNew(turn, this.#seen));
    if (!holdsAnswer(passage, turns)) return;
    const citation = this.#entries.length + 1;
    const entry = fit({ ...passage, turns }, citation, this.#text, this.#budget.maxTokens);
    if (entry === undefined) return;
    this.#entries.push(entry);
    const { sessionId } = passage;
    this.#perSession.set(sessionId, (this.#perSession.get(sessionId) ?? 0) + 1);
    for (const turn of entry.turns) markSeen(turn, this.#seen);
    this.#text = joined(this.#text, render(entry));
  }

  /** What was taken. */
  get packed(): PackedContext<P> {
    return { entries: this.#entries, text: this.#text, tokens: estimateTokens(this.#text) };
  }
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
  return turns.map((turn) => `${roleLabel(turn.role)}: ${turn.text.trim()}`).join("\n\n");
}

function render(entry: ContextEntry<ContextPassage>): string {
  const day = new Date(entry.createdAt).toISOString().slice(0, 10);
  const where = [entry.project, day].filter((one) => one !== undefined && one !== "").join(", ");
  return `[${entry.citation}] ${entry.title} (${where})\n${entry.content}`;
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
