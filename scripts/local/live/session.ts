import { setImmediate as nextTurn } from "node:timers/promises";
import { NOBODY, type Identity } from "../auth/identity.ts";
import { runObserved } from "../functions/call.ts";
import { toClientError, toFunctionError } from "../functions/errors.ts";
import type { Engine } from "../runtime.ts";
import { newObserved, type Observed } from "../transaction/transaction.ts";
import type { Snapshot } from "../transaction/transactor.ts";
import { MAX_BLOCKING_MS, MAX_PENDING_CALLS } from "./bounds.ts";
import { callerOf, type Client } from "./caller.ts";
import { FinishedMutations } from "./finished.ts";
import { actionResponse, MutationQueue, mutationResponse } from "./mutations.ts";
import {
  decodeTimestamp,
  INITIAL_VERSION,
  readMessage,
  transitionText,
  type Authenticate,
  type CallRequest,
  type Connect,
  type ModifyQuerySet,
  type Version,
} from "./protocol.ts";
import { AuthFailure, ProtocolError, versionMismatch } from "./protocolError.ts";
import {
  componentRefused,
  modificationOf,
  QuerySet,
  removal,
  type LiveQuery,
  type Outcome,
} from "./querySet.ts";
import type { RequestName, Results } from "./results.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** The parts of the engine that sessions use. */
export interface LiveParts {
  engine: Engine;
  subscriptions: Subscriptions;
  results: Results;
}

/** Adds `track`: the server waits for tracked calls before the data file is closed. */
export interface SessionParts extends LiveParts {
  track: (call: Promise<void>) => void;
}

/** What a session needs from its socket. */
export interface Link {
  send(message: string): void;
  sendTransition(transition: string): void;
  /** Whether the client has too many unread transitions. `Session.updateIfWanted` is called when it has read one. */
  readonly isBehind: boolean;
  /** Ends the socket with the message and the close code for this error (`endingOf`). */
  end(error: unknown): void;
}

/** One connection of a client: its identity, its queries, and what has been sent to it. */
export class Session {
  readonly #parts: SessionParts;
  readonly #link: Link;
  readonly #client: Client;
  readonly #queries = new QuerySet();
  readonly #mutations: MutationQueue;
  #actions = 0;
  #name: string | null = null;
  #clockSkew: number | null = null;
  #identity: Identity = NOBODY;
  /** Versions that the client has requested, and those of the last transition. */
  #asked = { querySet: 0, identity: 0 };
  #told: Version = INITIAL_VERSION;
  #isUpdateWanted = false;
  #isUpdating = false;
  #isEnded = false;
  /** Whether a mutation of this client is committed, but its response is not sent yet. */
  #isUnanswered = false;
  /** Mutations whose response is sent, but no transition yet. With it, the client ends their optimistic updates. */
  #withoutTransition: number[] = [];
  readonly #finished = new FinishedMutations();

  constructor(parts: SessionParts, link: Link, client: Client) {
    this.#parts = parts;
    this.#mutations = new MutationQueue(parts.track);
    this.#link = link;
    this.#client = client;
  }

  /** Handles one message. Call it again only after it resolves. Rejects with the error that ends the socket. */
  async receive(text: string): Promise<void> {
    if (this.#isEnded) return;
    const message = readMessage(text);
    switch (message.type) {
      case "Connect":
        this.#connect(message);
        return;
      case "Authenticate":
        await this.#authenticate(message);
        return;
      case "ModifyQuerySet":
        this.#modify(message);
        return;
      case "Mutation":
        this.#mutate(message);
        return;
      case "Action":
        this.#act(message);
        return;
      case "Event":
        return;
    }
  }

  /** Ends all subscriptions and drops waiting mutations. A running mutation finishes. */
  close(): void {
    this.#isEnded = true;
    this.#mutations.clear();
    this.#queries.close();
  }

  #connect({ sessionId, maxObservedTimestamp, clientTs }: Connect): void {
    const { clock, transactor } = this.#parts.engine;
    this.#name = sessionId;
    if (clientTs != null) this.#clockSkew = clientTs - clock.now();
    if (maxObservedTimestamp == null) return;
    // The client has seen a later commit, of another data file. Results of this one would take it back in time.
    if (decodeTimestamp(maxObservedTimestamp) > transactor.latestTimestamp)
      throw new ProtocolError("internal", "The client has observed a later timestamp");
  }

  async #authenticate({ tokenType, value = "", baseVersion }: Authenticate): Promise<void> {
    if (baseVersion !== this.#asked.identity) throw versionMismatch(baseVersion);
    if (tokenType === "Admin")
      throw new AuthFailure("This server has no admin keys", baseVersion, true);
    let identity: Identity = NOBODY;
    if (tokenType === "User") {
      identity = await this.#parts.engine.authenticator.identify(`Bearer ${value}`);
      if (identity.kind !== "user") {
        const reason = identity.kind === "invalid" ? identity.reason : "The token is empty";
        throw new AuthFailure(reason, baseVersion, true);
      }
    }
    this.#identity = identity;
    this.#asked.identity = baseVersion + 1;
    this.#queries.invalidate();
    this.requestUpdate();
  }

  #modify({ baseVersion, newVersion, modifications }: ModifyQuerySet): void {
    if (baseVersion !== this.#asked.querySet || newVersion <= baseVersion)
      throw versionMismatch(baseVersion);
    this.#queries.modify(modifications);
    this.#asked.querySet = newVersion;
    this.requestUpdate();
  }

  /** Returns the current identity; throws an `AuthFailure` if its token has expired. */
  #validIdentity(): Identity {
    const identity = this.#identity;
    if (identity.kind === "user" && identity.expiresAt <= this.#parts.engine.clock.now())
      throw new AuthFailure("Convex token identity expired", this.#told.identity, false);
    return identity;
  }

  #mutate(request: CallRequest): void {
    if (request.componentPath != null) throw componentRefused();
    const caller = callerOf(this.#client, this.#validIdentity());
    const { requestId } = request;
    const name = this.#name === null ? null : { session: this.#name, request: requestId };
    this.#mutations.add(async () => {
      const committing = () => {
        this.#isUnanswered = true;
      };
      const response = await mutationResponse(this.#parts, request, { name, caller, committing });
      this.#isUnanswered = false;
      this.#link.send(response);
      this.#withoutTransition.push(requestId);
      // Queued before the next mutation begins, so that the client need not wait for that one too.
      this.requestUpdate();
    });
  }

  #act(request: CallRequest): void {
    if (request.componentPath != null) throw componentRefused();
    if (this.#actions >= MAX_PENDING_CALLS)
      throw new ProtocolError("overloaded", `More than ${MAX_PENDING_CALLS} running actions`);
    const caller = callerOf(this.#client, this.#validIdentity());
    this.#actions++;
    const call = actionResponse(this.#parts.engine, request, caller).then((response) => {
      this.#actions--;
      this.#link.send(response);
    });
    this.#parts.track(call);
  }

  /** Returns, once each, the mutations that are long finished (`FinishedMutations`). */
  takeFinished(): RequestName[] {
    return this.#finished.take(this.#name);
  }

  /** Makes and sends a transition once the client is not behind. */
  requestUpdate(): void {
    this.#isUpdateWanted = true;
    this.updateIfWanted();
  }

  /** Starts a requested update unless one is running or must wait. Joins the transactor's queue before it returns. */
  updateIfWanted(): void {
    if (!this.#isUpdateWanted || this.#isUpdating || this.#isEnded || this.#isUnanswered) return;
    if (this.#link.isBehind) return;
    this.#isUpdating = true;
    const { transactor } = this.#parts.engine;
    const update = transactor
      .snapshot((snapshot) => this.#transition(snapshot))
      .then(
        (transition) => {
          this.#isUpdating = false;
          if (transition !== null) this.#link.sendTransition(transition);
          this.updateIfWanted();
        },
        (error: unknown) => {
          this.#link.end(error);
        },
      );
    this.#parts.track(update);
  }

  /**
   * Runs the stale queries on one state and returns the transition to it; null if nothing is new to the client.
   *
   * While a mutation of this client is committed but not answered, no transition may show its effect, because
   * the client would apply its optimistic update on top of that effect.
   */
  async #transition(snapshot: Snapshot): Promise<string | null> {
    if (this.#isEnded || this.#isUnanswered) return null;
    this.#isUpdateWanted = false;
    const start = this.#told;
    const end: Version = { ...this.#asked, timestamp: snapshot.timestamp };
    const identity = this.#validIdentity();
    const mutations = this.#withoutTransition.splice(0);
    const modifications = this.#queries.takeRemoved().map(removal);
    let since = performance.now();
    for (const query of this.#queries.stale()) {
      if (!this.#queries.has(query)) continue;
      const modification = await this.#run(query, snapshot, identity);
      if (modification !== null) modifications.push(modification);
      if (performance.now() - since <= MAX_BLOCKING_MS) continue;
      // Queries wait for no I/O, so nothing else runs meanwhile.
      await nextTurn();
      since = performance.now();
    }
    const isNew = start.querySet !== end.querySet || start.identity !== end.identity;
    if (!isNew && modifications.length === 0 && mutations.length === 0) return null;
    this.#told = end;
    this.#finished.add(mutations);
    return transitionText(start, end, modifications, this.#clockSkew);
  }

  /** Runs a query and, before the next commit, subscribes to what it read. Returns the modification; null if none. */
  async #run(query: LiveQuery, snapshot: Snapshot, identity: Identity): Promise<string | null> {
    query.isStale = false;
    const observed = newObserved(query.journal);
    const outcome = await this.#outcomeOf(query, identity, { snapshot, observed });
    if (this.#isEnded || !this.#queries.has(query)) return null;
    // The client has changed its user since the transition began, so this result is the previous user's.
    if (identity !== this.#identity) query.isStale = true;
    const { next } = observed.journal;
    query.journal = next ?? (outcome.kind === "failure" ? query.journal : null);
    if (!query.isStale)
      query.subscription = this.#parts.subscriptions.open(observed.reads, () => {
        query.subscription = null;
        query.isStale = true;
        this.requestUpdate();
      });
    return modificationOf(query, outcome);
  }

  async #outcomeOf(
    { path, args }: LiveQuery,
    identity: Identity,
    on: { snapshot: Snapshot; observed: Observed },
  ): Promise<Outcome> {
    const { engine } = this.#parts;
    const caller = callerOf(this.#client, identity);
    try {
      const fn = engine.registry.resolvePublic(path, "query");
      return { kind: "value", json: await runObserved(engine, fn, args, caller, on) };
    } catch (thrown) {
      const failure = toFunctionError(thrown);
      engine.log({ level: "error", function: path, words: [failure.stack ?? failure.message] });
      const error = toClientError(failure, caller.request.requestId);
      return { kind: "failure", reason: failure.message, error };
    }
  }
}
