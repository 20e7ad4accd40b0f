import type { Id } from "../../_generated/dataModel";
import type { Passage } from "../../lib/search/rank";
import { utf8Length } from "../../lib/text";

/** A passage of a session; without a message it is the session's own title and prompts. */
export type Candidate = Passage & { sessionId: Id<"sessions">; messageId?: Id<"messages"> };

/** A candidate as it was read; whether it was not read before, and whether it passes the filters too. */
export type Judged = { candidate: Candidate; isNew: boolean; isWanted: boolean };

/** Documents, and bytes of their texts. */
type Share = { documents: number; bytes: number };

/** What each leg reads for up to ten results; more results read more in proportion. */
const SHARES = {
  sessions: { documents: 12, bytes: 30_000 },
  messages: { documents: 26, bytes: 140_000 },
  parts: { documents: 10, bytes: 70_000 },
  rarest: { documents: 6, bytes: 36_000 },
} satisfies Record<string, Share>;

/** Results that the shares above are for. */
const SHARES_LIMIT = 10;

/**
 * Read beyond its share at most, for documents that pass the filters or are of other sessions. All legs
 * together stay far from what a query may read (16 MiB) and rank in its second.
 */
const FURTHER: Share = { documents: 230, bytes: 1_000_000 };

/**
 * What several searches of one table find, by turns: each time one of the first, which asks for the most
 * telling words, and one of another. What two of them find is new once.
 */
export async function* byTurns<D extends { _id: string }>(
  searches: readonly AsyncIterable<D>[],
): AsyncGenerator<{ document: D; isNew: boolean }, void> {
  const [first, ...others] = searches.map((search) => search[Symbol.asyncIterator]());
  if (first === undefined) return;
  const seen = new Set<string>();
  const turns = others.length === 0 ? [first] : others.flatMap((other) => [first, other]);
  try {
    for (let left = turns; left.length > 0;) {
      const ended = new Set<AsyncIterator<D>>();
      for (const search of left) {
        if (ended.has(search)) continue;
        const next = await search.next();
        if (next.done === true) {
          ended.add(search);
          continue;
        }
        const { value: document } = next;
        yield { document, isNew: !seen.has(document._id) };
        seen.add(document._id);
      }
      left = left.filter((search) => !ended.has(search));
    }
  } finally {
    for (const search of [first, ...others]) await search.return?.();
  }
}

/**
 * The part of a full-text search that one index answers: its candidates, best first, read one by one
 * as far as they are wanted. Must be closed.
 */
export class Leg {
  /** What passes the filters, and the sessions it is of. */
  readonly passages: Candidate[] = [];
  readonly sessions = new Set<Id<"sessions">>();
  readonly #share: Share;
  readonly #read: Share = { documents: 0, bytes: 0 };
  /** Of what was read, all but what filters left out. */
  readonly #used: Share = { documents: 0, bytes: 0 };
  #isAtEnd = false;

  constructor(
    name: keyof typeof SHARES,
    limit: number,
    readonly found: AsyncGenerator<Judged, void>,
  ) {
    const scale = Math.max(1, limit / SHARES_LIMIT);
    const { documents, bytes } = SHARES[name];
    this.#share = { documents: Math.round(documents * scale), bytes: bytes * scale };
  }

  /** Whether the index may hold more than was read. */
  get hasMore(): boolean {
    return !this.#isAtEnd;
  }

  /** Reads the leg's share, beside what filters leave out. */
  async readShare(): Promise<void> {
    const { documents, bytes } = this.#share;
    await this.readWhile(() => this.#used.documents < documents && this.#used.bytes < bytes);
  }

  /** Reads while more is wanted and the bounds allow it. */
  async readWhile(isMoreWanted: () => boolean): Promise<void> {
    while (!this.#isAtEnd && this.#isWithinBounds && isMoreWanted()) {
      const next = await this.found.next();
      if (next.done === true) this.#isAtEnd = true;
      else this.#take(next.value);
    }
  }

  get #isWithinBounds(): boolean {
    const { documents, bytes } = this.#share;
    return (
      this.#read.documents < documents + FURTHER.documents &&
      this.#read.bytes < bytes + FURTHER.bytes
    );
  }

  #take({ candidate, isNew, isWanted }: Judged): void {
    const bytes = utf8Length(candidate.text);
    for (const counted of isWanted || !isNew ? [this.#read, this.#used] : [this.#read]) {
      counted.documents += 1;
      counted.bytes += bytes;
    }
    if (!isWanted) return;
    this.passages.push(candidate);
    this.sessions.add(candidate.sessionId);
  }

  async close(): Promise<void> {
    await this.found.return();
  }
}
