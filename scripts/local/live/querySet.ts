import { createHash } from "node:crypto";
import type { JSONValue } from "convex/values";
import type { ClientError } from "../functions/errors.ts";
import { MAX_QUERIES, MAX_UNTOLD_REMOVALS } from "./bounds.ts";
import type { AddQuery, ModifyQuerySet } from "./protocol.ts";
import { ProtocolError } from "./protocolError.ts";
import type { Subscription } from "./subscriptions.ts";

/** A query that a client has subscribed to. */
export interface LiveQuery {
  readonly id: number;
  readonly path: string;
  readonly args: JSONValue;
  /** The cursor at which its page ended when it last ran; null unless it is paginated. */
  journal: string | null;
  /** Hash of the outcome that was last sent; null before the first. */
  sent: string | null;
  /** Whether it must run: it is new, something it read was written, or the identity changed. */
  isStale: boolean;
  /** Open while the query is up to date. */
  subscription: Subscription | null;
}

/** The result of a query as JSON, or its failure. `reason` leaves out the request id, so that failures can be compared. */
export type Outcome =
  { kind: "value"; json: string } | { kind: "failure"; reason: string; error: ClientError };

/** The queries that the client of one socket has subscribed to. */
export class QuerySet {
  readonly #queries = new Map<number, LiveQuery>();
  #removed: number[] = [];

  /** Applies a client's changes in order. Throws a `ProtocolError` if one contradicts the set or exceeds a bound. */
  modify(modifications: ModifyQuerySet["modifications"]): void {
    for (const modification of modifications)
      if (modification.type === "Add") this.#add(modification);
      else this.#remove(modification.queryId);
  }

  #add({ queryId, udfPath, args, journal, componentPath }: AddQuery): void {
    if (componentPath != null) throw componentRefused();
    if (this.#queries.has(queryId)) throw new ProtocolError("fatal", `Duplicate query ${queryId}`);
    if (this.#queries.size >= MAX_QUERIES)
      throw new ProtocolError("fatal", `More than ${MAX_QUERIES} queries on one socket`);
    this.#queries.set(queryId, {
      ...{ id: queryId, path: udfPath, args: args[0] ?? {}, journal: journal ?? null },
      ...{ sent: null, isStale: true, subscription: null },
    });
  }

  #remove(id: number): void {
    const query = this.#queries.get(id);
    if (query === undefined) throw new ProtocolError("fatal", `There is no query ${id}`);
    if (this.#removed.length >= MAX_UNTOLD_REMOVALS)
      throw new ProtocolError("overloaded", "The client removes queries but reads nothing");
    query.subscription?.close();
    this.#queries.delete(id);
    this.#removed.push(id);
  }

  /** Whether the client still wants this query. */
  has(query: LiveQuery): boolean {
    return this.#queries.get(query.id) === query;
  }

  /** Returns the queries that must run. */
  stale(): LiveQuery[] {
    return [...this.#queries.values()].filter((query) => query.isStale);
  }

  /** Returns the ids removed since the last call. */
  takeRemoved(): number[] {
    const removed = this.#removed;
    this.#removed = [];
    return removed;
  }

  /** Makes every query run again. */
  invalidate(): void {
    for (const query of this.#queries.values()) {
      query.subscription?.close();
      query.subscription = null;
      query.isStale = true;
    }
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const query of this.#queries.values()) query.subscription?.close();
    this.#queries.clear();
  }
}

/** The error for a call of a component's function, which only an admin's dashboard may make. */
export function componentRefused(): ProtocolError {
  return new ProtocolError("fatal", "Only admins can call functions of components");
}

export function removal(queryId: number): string {
  return JSON.stringify({ type: "QueryRemoved", queryId });
}

/** Returns the modification that sends an outcome, and remembers it as sent; null if the client already has it. */
export function modificationOf(query: LiveQuery, outcome: Outcome): string | null {
  const hash = hashOf(outcome);
  if (query.sent === hash) return null;
  query.sent = hash;
  const journal = JSON.stringify(query.journal);
  if (outcome.kind === "value")
    return `{"type":"QueryUpdated","queryId":${query.id},"value":${outcome.json},"logLines":[],"journal":${journal}}`;
  const failed = { type: "QueryFailed", queryId: query.id, ...outcome.error, logLines: [] };
  return JSON.stringify({ ...failed, journal: query.journal });
}

function hashOf(outcome: Outcome): string {
  const text =
    outcome.kind === "value"
      ? outcome.json
      : JSON.stringify([outcome.reason, outcome.error.errorData ?? null]);
  return createHash("sha256").update(outcome.kind).update(text).digest("base64");
}
