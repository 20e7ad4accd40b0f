import { setTimeout as wait } from "node:timers/promises";
import { isJsonObject, parseJson } from "../../convex/lib/json";
import { changedCounts } from "../../convex/lib/secrets/counts";
import type { SecretCount } from "../../convex/lib/secrets/finding";
import { isLoopback } from "../local/console/options.ts";
import { StartError, unreachable } from "../local/failures.ts";
import type { Batch, Origin } from "./batch.ts";
import type { Edits } from "./rows.ts";
import { countIn, fieldsIn, type JsonObject, objectsIn } from "./json.ts";

/** Sending batches to the server: what passes is tried again, what never can is named. */

export type Stored = { inserted: number; updated: number; skipped: number; deleted: number };
/** An item that was not stored; `mayPass` where the server failed and may take it another time. */
export type Refused = { origin: Origin; reason: string; mayPass?: true };
/** `secrets` are those that the server found in messages. */
export type Sent = {
  sessions: Stored;
  messages: Stored;
  refused: Refused[];
  secrets: SecretCount[];
};

/** How long a server may fail without a break before the import ends. */
const PATIENCE_MS = 5 * 60_000;
/** How long nobody may answer an import. A server that restarts is back sooner. */
const UNREACHABLE_MS = 30_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;
/** Tries of a batch that fails with 500 before it is cut, to find what it fails at. */
const TRIES_BEFORE_CUT = 3;
/** Tries of a single item, over a quarter of a minute: a server that fails for a moment must not cost it. */
const TRIES_OF_ONE = 7;
const ANSWER_TIMEOUT_MS = 10 * 60_000;

const NOTHING: Stored = { inserted: 0, updated: 0, skipped: 0, deleted: 0 };

/** What a request came to. */
type Answer =
  | { kind: "ok"; body: unknown }
  | { kind: "later"; waitMs?: number; why: string }
  | { kind: "failed"; why: string; mayPass?: true }
  | { kind: "gone"; error: unknown };

export class Server {
  /** All requests wait until then, because the server asked one of them to. */
  #pausedUntil = 0;
  #isGone = false;
  /** Set where the server is waited for however long it takes. */
  #forever: { signal: AbortSignal; say: (text: string) => void } | undefined;
  readonly #unreachableMs: number;
  readonly #firstWaitMs: number;

  constructor(
    readonly url: string,
    readonly key: string,
    { unreachableMs = UNREACHABLE_MS, firstWaitMs = FIRST_WAIT_MS } = {},
  ) {
    this.#unreachableMs = unreachableMs;
    this.#firstWaitMs = firstWaitMs;
  }

  /** Whether the server runs on this machine. */
  get isHere(): boolean {
    return isLoopback(new URL(this.url).hostname);
  }

  /** Waits from now on until the server is back, however long that takes, and says so once; the signal ends it. */
  waitForever(signal: AbortSignal, say: (text: string) => void): void {
    this.#forever = { signal, say };
  }

  /** External ids of all sessions that the server holds; also shows that address and key are right. */
  async sessionIds(): Promise<string[]> {
    const answer = await this.#try(() => this.#request("/sync/sessions/list"));
    const ids =
      answer.kind === "ok" && isJsonObject(answer.body) ? answer.body.sessionIds : undefined;
    if (!Array.isArray(ids)) throw noOpenSync(this.url);
    return ids.filter((id) => typeof id === "string");
  }

  /** Whether the server says which secrets it finds in a batch. Older ones do not. */
  async tellsSecrets(): Promise<boolean> {
    const answer = await this.#try(() => this.#request("/health"));
    const health = answer.kind === "ok" && isJsonObject(answer.body) ? answer.body : {};
    return Array.isArray(health.capabilities) && health.capabilities.includes("sync.secrets");
  }

  /** Stores a batch. An item that cannot be stored is refused, its neighbours are kept. */
  async send(batch: Batch): Promise<Sent> {
    const tries = batch.size <= 1 ? TRIES_OF_ONE : TRIES_BEFORE_CUT;
    const answer = await this.#try(() => this.#request("/sync/batch", batch.body()), tries);
    if (answer.kind === "ok") {
      if (!isJsonObject(answer.body) || !isJsonObject(answer.body.results))
        throw noOpenSync(this.url);
      return sentOf(answer.body, batch);
    }
    if (batch.size <= 1) {
      const origin = batch.onlyOrigin();
      const { why, mayPass } = answer;
      const reason = `the server refused it: ${why}`;
      const refused = origin ? [{ origin, reason, ...(mayPass ? { mayPass } : {}) }] : [];
      return { sessions: NOTHING, messages: NOTHING, refused, secrets: [] };
    }
    const [first, second] = batch.halves();
    return added(await this.send(first), await this.send(second));
  }

  /**
   * Changes what the owner said of a session; returns why the server refuses it, if it does. A session that was
   * deleted here stays deleted.
   */
  async edit(id: string, edits: Edits): Promise<string | undefined> {
    const path = `/api/sessions/${encodeURIComponent(id)}`;
    const answer = await this.#try(() => this.#request(path, JSON.stringify(edits), "PATCH"));
    if (answer.kind === "ok" || answer.why.startsWith("404")) return undefined;
    return `the server refused its review: ${answer.why}`;
  }

  /** Tries until the server takes it, says that it never will, or has failed as often as `tries`. */
  async #try(
    request: () => Promise<Answer>,
    tries = TRIES_OF_ONE,
  ): Promise<Extract<Answer, { kind: "ok" | "failed" }>> {
    const began = Date.now();
    let failures = 0;
    for (let attempt = 0; ; attempt++) {
      await this.#pause();
      const answer = await request();
      this.#notice(answer);
      if (answer.kind === "ok" || answer.kind === "failed") return answer;
      const backoff = Math.min(LONGEST_WAIT_MS, this.#firstWaitMs * 2 ** attempt);
      if (answer.kind === "gone") {
        if (!this.#forever && Date.now() - began > this.#unreachableMs)
          throw unreachable(this.url, answer.error);
        await this.#wait(backoff);
        continue;
      }
      if (answer.waitMs === undefined && ++failures >= tries)
        return { kind: "failed", why: answer.why, mayPass: true };
      if (!this.#forever && Date.now() - began > PATIENCE_MS)
        throw new StartError(`${this.url} takes nothing more (${answer.why}); run it again later.`);
      this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + (answer.waitMs ?? backoff));
    }
  }

  async #pause(): Promise<void> {
    for (let ms = this.#pausedUntil - Date.now(); ms > 0; ms = this.#pausedUntil - Date.now())
      await this.#wait(ms);
  }

  async #wait(ms: number): Promise<void> {
    await wait(ms, undefined, this.#forever && { signal: this.#forever.signal });
  }

  /** Says when the server is gone, and when it is back. */
  #notice(answer: Answer): void {
    const isGone = answer.kind === "gone";
    if (isGone === this.#isGone) return;
    this.#isGone = isGone;
    const text =
      answer.kind === "gone"
        ? `${unreachable(this.url, answer.error).message} Waiting for it (Ctrl-C ends)…`
        : `${this.url} answers again.`;
    this.#forever?.say(text);
  }

  async #request(
    path: string,
    body?: string | Buffer<ArrayBuffer>,
    method = body ? "POST" : "GET",
  ): Promise<Answer> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.url + path, {
        method,
        // A redirected POST becomes a GET, and loses its key on the way to another host.
        redirect: "manual",
        headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" },
        signal: AbortSignal.any([
          AbortSignal.timeout(ANSWER_TIMEOUT_MS),
          // A request to a server that is gone may wait for long. One that is there ends its request first.
          ...(this.#isGone && this.#forever ? [this.#forever.signal] : []),
        ]),
        ...(body === undefined ? {} : { body }),
      });
      text = await response.text();
    } catch (error) {
      return { kind: "gone", error };
    }
    if (method === "PATCH" && response.status === 404) return { kind: "failed", why: "404" };
    return answerOf(response, text, this.url);
  }
}

/** The server is busy, or a proxy before it waits for it: whatever the batch holds. */
const BUSY = new Set([408, 429, 502, 503, 504]);

const noOpenSync = (url: string) => new StartError(`${url} does not answer as an OpenSync server.`);

function answerOf({ status, headers }: Response, text: string, url: string): Answer {
  if (status >= 300 && status < 400)
    throw new StartError(
      `${url} redirects to ${headers.get("Location") ?? "another address"}; give the new address with --url.`,
    );
  const json = parseJson(text);
  const body = json.ok ? json.value : undefined;
  if (status === 200 && body !== undefined) return { kind: "ok", body };
  // The page of a proxy, say. What was sent is not stored.
  if (status < 300) throw noOpenSync(url);
  const said = isJsonObject(body) && typeof body.message === "string" ? body.message : "";
  const why = `${status} ${said}`.trim();
  if (status === 401 || status === 403)
    throw new StartError(`The key was refused (${why}); give one with --key or OPENSYNC_API_KEY.`);
  if (status === 404) throw new StartError(`There is no OpenSync server at this address (${why}).`);
  const waitMs = retryAfterMs(headers.get("Retry-After"), Date.now());
  if (BUSY.has(status)) return { kind: "later", why, waitMs: waitMs ?? 1_000 };
  return status >= 500 ? { kind: "later", why, waitMs } : { kind: "failed", why };
}

/** The wait that a `Retry-After` asks for: seconds or a date. */
export function retryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null || value.trim() === "") return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

function sentOf(body: unknown, batch: Batch): Sent {
  const answer = isJsonObject(body) ? body : {};
  const results = fieldsIn(answer, "results");
  const errors = Array.isArray(answer.errors) ? answer.errors : [];
  const refused = errors.flatMap((error) => refusedOf(String(error), batch));
  return {
    sessions: storedOf(results, "sessions"),
    messages: storedOf(results, "messages"),
    refused,
    secrets: objectsIn(answer, "secrets").map(secretCountOf),
  };
}

const secretCountOf = (count: JsonObject): SecretCount => ({
  kind: String(count.kind),
  count: countIn(count, "count"),
});

function refusedOf(error: string, batch: Batch): Refused[] {
  const [, kind = "", index = ""] = /^(sessions|messages)\[(\d+)\]/.exec(error) ?? [];
  const origin = batch.originOf(kind, Number(index)) ?? { path: "" };
  return [{ origin, reason: `the server refused it: ${error}` }];
}

function storedOf(results: ReturnType<typeof fieldsIn>, kind: string): Stored {
  const tally = fieldsIn(results, kind);
  const deleted = countIn(tally, "deleted");
  return {
    inserted: countIn(tally, "inserted"),
    updated: countIn(tally, "updated"),
    skipped: countIn(tally, "skipped") - deleted,
    deleted,
  };
}

function added(a: Sent, b: Sent): Sent {
  return {
    sessions: sumOf(a.sessions, b.sessions),
    messages: sumOf(a.messages, b.messages),
    refused: [...a.refused, ...b.refused],
    secrets: changedCounts(a.secrets, b.secrets),
  };
}

export const sumOf = (a: Stored, b: Stored): Stored => ({
  inserted: a.inserted + b.inserted,
  updated: a.updated + b.updated,
  skipped: a.skipped + b.skipped,
  deleted: a.deleted + b.deleted,
});
