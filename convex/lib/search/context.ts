import { roleLabel } from "../enums";
import { cutToFit, estimateTokens } from "./tokens";

/** The shortest entry a cut may leave. A shorter fragment would tell the reader nothing. */
const MIN_ENTRY_TOKENS = 60;

const ENTRIES_PER_SESSION = 3;

/** The text of one message. */
export type ContextMessage = { messageId: string; role: string; text: string };

/** A message that answers the query with its neighbours, in conversation order. */
export type Excerpt = {
  sessionId: string;
  title: string;
  project?: string;
  createdAt: number;
  score: number;
  /** The message that answers the query. It is kept when its neighbours do not fit. */
  messageId?: string;
  messages: readonly ContextMessage[];
};

/** A packed excerpt. `citation` is its number in the text, starting at 1. */
export type ContextEntry<P extends Excerpt> = P & { citation: number; content: string };

/** The packed entries, the text rendered from them, and an upper bound of that text's tokens. */
export type PackedContext<P extends Excerpt> = {
  entries: ContextEntry<P>[];
  text: string;
  tokens: number;
};

type Budget = { maxTokens: number; limit: number };

/**
 * Packs excerpts into a text of at most `maxTokens`. Excerpts must be offered best first. No
 * message and no wording appears twice, and one session contributes at most three excerpts, each
 * under its own citation. An excerpt that does not fit loses its neighbours first and is then cut;
 * it is left out when the cut would leave only a few lines.
 */
export class ContextPacker<P extends Excerpt> {
  readonly #budget: Budget;
  readonly #entries: ContextEntry<P>[] = [];
  readonly #seen = new Set<string>();
  readonly #perSession = new Map<string, number>();
  #text = "";

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** True when the packer holds `limit` excerpts, or when too few tokens are left for another one. */
  get isFull(): boolean {
    const left = this.#budget.maxTokens - estimateTokens(this.#text);
    return this.#entries.length >= this.#budget.limit || left < MIN_ENTRY_TOKENS;
  }

  /** Whether the packer would accept an excerpt of the session. If not, the caller need not read it. */
  acceptsFrom(sessionId: string): boolean {
    return !this.isFull && (this.#perSession.get(sessionId) ?? 0) < ENTRIES_PER_SESSION;
  }

  /** Adds the messages of an excerpt that are not packed yet, if they fit. */
  offer(excerpt: P): void {
    if (!this.acceptsFrom(excerpt.sessionId)) return;
    const messages = excerpt.messages.filter((message) => isNew(message, this.#seen));
    if (!containsAnswer(excerpt, messages)) return;
    const citation = this.#entries.length + 1;
    const entry = fit({ ...excerpt, messages }, citation, this.#text, this.#budget.maxTokens);
    if (entry === undefined) return;
    this.#entries.push(entry);
    const { sessionId } = excerpt;
    this.#perSession.set(sessionId, (this.#perSession.get(sessionId) ?? 0) + 1);
    for (const message of entry.messages) markSeen(message, this.#seen);
    this.#text = appended(this.#text, render(entry));
  }

  /** The result so far. */
  get packed(): PackedContext<P> {
    return { entries: this.#entries, text: this.#text, tokens: estimateTokens(this.#text) };
  }
}

/** The excerpt with as many neighbours as fit; undefined when not even a cut answer fits. */
function fit<P extends Excerpt>(excerpt: P, citation: number, before: string, maxTokens: number) {
  const entryOf = (messages: readonly ContextMessage[]): ContextEntry<P> => ({
    ...excerpt,
    messages,
    citation,
    content: contentOf(messages),
  });
  const fits = (entry: ContextEntry<P>) =>
    estimateTokens(appended(before, render(entry))) <= maxTokens;
  const whole = entryOf(excerpt.messages);
  if (fits(whole)) return whole;
  const answer = excerpt.messages.filter((message) => message.messageId === excerpt.messageId);
  const alone = answer.length > 0 ? answer : excerpt.messages.slice(0, 1);
  if (fits(entryOf(alone))) return entryOf(alone);
  const [message] = alone;
  if (message === undefined) return undefined;
  const shortened = (text: string) => entryOf([{ ...message, text: `${text}…` }]);
  const text = cutToFit(message.text, (head) => fits(shortened(head)));
  return estimateTokens(text) >= MIN_ENTRY_TOKENS ? shortened(text) : undefined;
}

function appended(before: string, next: string): string {
  return before === "" ? next : `${before}\n\n${next}`;
}

function contentOf(messages: readonly ContextMessage[]): string {
  return messages
    .map((message) => `${roleLabel(message.role)}: ${message.text.trim()}`)
    .join("\n\n");
}

function render(entry: ContextEntry<Excerpt>): string {
  const day = new Date(entry.createdAt).toISOString().slice(0, 10);
  const where = [entry.project, day].filter((one) => one !== undefined && one !== "").join(", ");
  return `[${entry.citation}] ${entry.title} (${where})\n${entry.content}`;
}

function containsAnswer(excerpt: Excerpt, messages: readonly ContextMessage[]): boolean {
  if (excerpt.messageId === undefined) return messages.length > 0;
  return messages.some((message) => message.messageId === excerpt.messageId);
}

function isNew(message: ContextMessage, seen: ReadonlySet<string>): boolean {
  return (
    message.text.trim() !== "" && !seen.has(message.messageId) && !seen.has(normalizedText(message))
  );
}

function markSeen(message: ContextMessage, seen: Set<string>): void {
  seen.add(message.messageId);
  seen.add(normalizedText(message));
}

/** Normalises a text, so that equal words count as repeated whatever their role and spacing. */
function normalizedText(message: ContextMessage): string {
  return `text:${message.text.replace(/\s+/g, " ").trim().toLowerCase()}`;
}
