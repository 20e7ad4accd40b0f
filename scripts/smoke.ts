import { readArguments, runCommand } from "./local/console/commandLine.ts";
import { unreachable, UsageError } from "./local/failures.ts";
import { liveChecks } from "./smoke/live.ts";

/**
 * Asks a live deployment whether it works, as a plugin and a reader would: health, refusals, one
 * upload, reading it, searching it, exporting it, deleting it again. Needs the address (the site
 * origin, `https://….convex.site`) and a key:
 *
 *     OPENSYNC_API_KEY=osk_… npx tsx scripts/smoke.ts https://happy-animal-123.convex.site
 *
 * With `--full` it also checks what only a real deployment can show: syncs at the promised sizes, the write
 * window under two accounts (`OPENSYNC_SECOND_API_KEY`), scheduled jobs, embeddings, deletion. That writes
 * and deletes about 40 MB, so use an account made for it. Exits with 1 if anything is not as it should be,
 * with 2 if it was not told where. It deletes every session it made.
 */

const USAGE = `OPENSYNC_API_KEY=osk_… npx tsx scripts/smoke.ts <site origin> [--full]
  --full        also sizes, write window, jobs, embeddings, deletion: about 40 MB and five minutes
                (OPENSYNC_SECOND_API_KEY: the key of a second account, for the write window)
  <site origin> e.g. https://happy-animal-123.convex.site (default: the variable OPENSYNC_URL)`;

let base = "";
let isFull = false;
const key = process.env["OPENSYNC_API_KEY"] ?? "";

function readBase(args: string[]): string {
  const { positionals, values } = readArguments({
    args,
    allowPositionals: true,
    options: { full: { type: "boolean" } },
  });
  isFull = values.full === true;
  const origin = (positionals[0] ?? process.env["OPENSYNC_URL"] ?? "").replace(/\/+$/, "");
  if (key === "") throw new UsageError("OPENSYNC_API_KEY is not set: it needs a key (osk_…).");
  if (!/^https?:\/\/[^/]/.test(origin) || !URL.canParse(origin))
    throw new UsageError(`"${origin}" is no address: it looks like https://….convex.site`);
  return origin;
}

/** How long a deployment may take to make an upload searchable. */
const SEARCHABLE_WITHIN_MS = 30_000;
const REQUEST_TIMEOUT_MS = 30_000;

let failures = 0;

function check(what: string, isRight: boolean, seen: unknown): void {
  if (!isRight) failures += 1;
  console.log(`${isRight ? "ok  " : "FAIL"} ${what}${isRight ? "" : ` – got ${show(seen)}`}`);
}

const show = (value: unknown) => JSON.stringify(value)?.slice(0, 300) ?? "nothing";

type Fields = { [name: string]: unknown };
type Answer = { status: number; body: Fields; text: string };

async function ask(method: string, path: string, body?: unknown, bearer = key): Promise<Answer> {
  const response = await send(path, {
    method,
    headers: {
      "Content-Type": "application/json",
      ...(bearer === "" ? {} : { Authorization: `Bearer ${bearer}` }),
    },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: fieldsOf(text) };
}

function send(path: string, init: RequestInit): Promise<Response> {
  return fetch(base + path, init).catch((error: unknown) => {
    throw unreachable(base, error);
  });
}

function fieldsOf(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

async function refusals(): Promise<void> {
  const health = await ask("GET", "/health", undefined, "");
  check("GET /health answers ok", health.body["status"] === "ok", health);
  const preflight = await send("/sync/session", { method: "OPTIONS" });
  check("browsers may call (preflight)", preflight.status === 204, preflight.status);
  const anonymous = await ask("GET", "/api/sessions", undefined, "");
  check("no key is 401", anonymous.status === 401, anonymous);
  const wrong = await ask("GET", "/api/sessions", undefined, `osk_${"x".repeat(32)}`);
  check("a wrong key is 401", wrong.status === 401, wrong);
  const unknown = await ask("GET", "/api/nothing");
  check("an unknown path is 404 as JSON", unknown.body["code"] === "NOT_FOUND", unknown);
  const described = await ask("GET", "/openapi.json", undefined, "");
  check("GET /openapi.json describes the API", described.body["openapi"] === "3.1.0", described);
}

async function upload(externalId: string, word: string): Promise<string> {
  const session = await ask("POST", "/sync/session", {
    externalId,
    source: "smoke",
    title: `Smoke test ${word}`,
  });
  check("a session is stored", session.body["ok"] === true, session);
  const message = { sessionExternalId: externalId, externalId: "m1", role: "user" };
  const stored = await ask("POST", "/sync/message", { ...message, textContent: `Find ${word}.` });
  check("a message is stored", stored.body["ok"] === true, stored);
  return String(session.body["sessionId"]);
}

async function readBack(externalId: string, word: string): Promise<void> {
  const read = await ask("GET", `/api/sessions/${externalId}`);
  const [message] = listOf(read.body["messages"]);
  check("it is read back equal", show(message).includes(`Find ${word}.`), read);
  const exported = await ask("GET", `/api/export?id=${externalId}&format=markdown`);
  check("it is exported", exported.text.includes(`Find ${word}.`), exported);
  const stats = await ask("GET", "/api/stats");
  check("statistics answer", typeof stats.body["sessionCount"] === "number", stats);
}

/** Search text follows an upload within seconds. */
async function searched(externalId: string, word: string): Promise<void> {
  const until = Date.now() + SEARCHABLE_WITHIN_MS;
  let found: Answer;
  do {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    found = await ask("POST", "/search", { query: word, type: "fulltext" });
  } while (!found.text.includes(externalId) && Date.now() < until);
  check("full text finds it", found.text.includes(externalId), found);
  const hybrid = await ask("POST", "/search", { query: word, type: "hybrid" });
  const isHonest = hybrid.status === 200 && hybrid.text.includes(externalId);
  check("hybrid search finds it, or says what it could not do", isHonest, hybrid);
  const semantic = await ask("POST", "/search", { query: word, type: "semantic" });
  check("semantic search answers, or says 503", [200, 503].includes(semantic.status), semantic);
}

async function cleanUp(externalId: string): Promise<void> {
  const gone = await ask("DELETE", `/api/sessions/${externalId}`);
  if (gone.status === 405) console.log(`note: session ${externalId} stays, delete it by hand`);
  else check("it is deleted again", gone.status === 200, gone);
}

await runCommand(USAGE, async (args) => {
  base = readBase(args);
  const word = `smoke${Date.now().toString(36)}`;
  const externalId = `smoke-${word}`;
  await refusals();
  await upload(externalId, word);
  if (failures === 0) {
    await readBack(externalId, word);
    await searched(externalId, word);
    await cleanUp(externalId);
    if (isFull) {
      const secondKey = process.env["OPENSYNC_SECOND_API_KEY"];
      await liveChecks({ base, key, secondKey, check, word });
    }
  }
  console.log(failures === 0 ? "All is well." : `${failures} checks failed.`);
  process.exit(failures === 0 ? 0 : 1);
});
