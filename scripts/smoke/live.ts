/**
 * Checks of `npm run smoke -- --full` that only a real deployment can answer: syncs at the promised sizes, the
 * write window under two accounts, the scheduled refresh, embeddings, deletion. Bounded: about 40 MB
 * written, five minutes, and every session it makes is deleted.
 */

export interface LiveOptions {
  base: string;
  key: string;
  /** Key of another account, whose hooks run beside a large sync; the same account if absent. */
  secondKey?: string;
  check: (what: string, isRight: boolean, seen: unknown) => void;
  /** Unique to this run. */
  word: string;
}

type Answer = { status: number; body: { [name: string]: unknown }; ms: number };

const REQUEST_TIMEOUT_MS = 280_000;
/** How long a scheduled job may take to show its effect. */
const JOB_WITHIN_MS = 60_000;
const MEBIBYTE = 1024 * 1024;

/** Runs all checks, one after the other. */
export async function liveChecks(options: LiveOptions): Promise<void> {
  const made: string[] = [];
  const session = (name: string) => {
    const id = `smoke-${options.word}-${name}`;
    made.push(id);
    return id;
  };
  try {
    await promisedSizes(options, session);
    await scheduledRefresh(options, session("jobs"));
    await writeWindow(options, session);
    await embeddings(options, session("jobs"));
  } finally {
    await deletion(options, made);
  }
}

async function ask(
  { base, key }: { base: string; key: string },
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const startedAt = Date.now();
  const response = await fetch(base + path, {
    method,
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: parsed(text), ms: Date.now() - startedAt };
}

function parsed(text: string): { [name: string]: unknown } {
  try {
    return JSON.parse(text) as { [name: string]: unknown };
  } catch {
    return { text: text.slice(0, 200) };
  }
}

const message = (session: string, n: number, text: string) => ({
  sessionExternalId: session,
  externalId: `${session}-${n}`,
  role: n % 2 === 0 ? "user" : "assistant",
  textContent: text,
});

/** What README promises of one request: the largest message, and a batch of as many items as are taken. */
async function promisedSizes(options: LiveOptions, session: (name: string) => string) {
  const { check } = options;
  const large = session("large");
  // One character beyond Latin-1 doubles what a text takes in memory.
  const text = `${"lorem ipsum ".repeat((6 * MEBIBYTE) / 12)}🎉`;
  const stored = await ask(options, "POST", "/sync/message", message(large, 0, text));
  check(`a message of 6 MiB is stored (${stored.ms} ms)`, stored.status === 200, stored);
  const read = await ask(options, "GET", `/api/sessions/${large}`);
  const [first] = (read.body["messages"] ?? []) as { textContent?: string }[];
  check("it is read back equal", first?.textContent === text, read.status);
  for (const format of ["json", "markdown", "openai"]) {
    const exported = await ask(options, "GET", `/api/export?id=${large}&format=${format}`);
    check(`it is exported as ${format}`, exported.status === 200, exported.status);
  }
  const many = session("many");
  const messages = Array.from({ length: 5_000 }, (_, n) => message(many, n, `message ${n}`));
  const batch = await ask(options, "POST", "/sync/batch", { messages });
  check(
    `a batch of 5,000 messages is stored (${batch.ms} ms)`,
    batch.body["messages"] === 5_000,
    batch,
  );
  const tooMany = { messages: Array(20_001).fill(1) };
  const refused = await ask(options, "POST", "/sync/batch", tooMany);
  check("a batch of more items than are taken is 413", refused.status === 413, refused);
  const values = {
    ...message(many, 0, ""),
    parts: [{ type: "x", content: Array(2_000_000).fill([]) }],
  };
  const bounded = await ask(options, "POST", "/sync/message", values);
  check("a body that would fill the memory is 413", bounded.status === 413, bounded);
}

/** Totals of a session are counted by a scheduled mutation. */
async function scheduledRefresh(options: LiveOptions, session: string): Promise<void> {
  const messages = [0, 1, 2].map((n) => message(session, n, `job ${n}`));
  await ask(options, "POST", "/sync/batch", { messages });
  const until = Date.now() + JOB_WITHIN_MS;
  let read: Answer;
  do {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    read = await ask(options, "GET", `/api/sessions/${session}?messages_limit=1`);
  } while (read.body["messageCount"] !== 3 && Date.now() < until);
  const { messageCount } = read.body;
  options.check("a scheduled job counts a session's messages", messageCount === 3, messageCount);
}

/** Hooks of one account while the other one fills in its history: none may be refused. */
async function writeWindow(options: LiveOptions, session: (name: string) => string) {
  const { base, key, secondKey = key, check } = options;
  const history = session("history");
  const live = session("live");
  let isRunning = true;
  const fill = async () => {
    const statuses: number[] = [];
    for (let part = 0; part < 3; part++) {
      const messages = Array.from({ length: 800 }, (_, n) =>
        message(history, part * 800 + n, "word ".repeat(1_000)),
      );
      statuses.push((await ask(options, "POST", "/sync/batch", { messages })).status);
    }
    isRunning = false;
    return statuses;
  };
  const hooks = async () => {
    const answers: Answer[] = [];
    for (let n = 0; isRunning && n < 1_000; n++) {
      const hook = message(live, n, `hook ${n}`);
      answers.push(await ask({ base, key: secondKey }, "POST", "/sync/message", hook));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return answers;
  };
  const [filled, answers] = await Promise.all([fill(), hooks()]);
  check(
    "a history of 12 MB is stored",
    filled.every((status) => status === 200),
    filled,
  );
  const refused = answers.filter(({ status }) => status !== 200);
  const slowest = Math.max(...answers.map(({ ms }) => ms));
  const who = options.secondKey === undefined ? "the same account" : "another account";
  check(
    `none of ${answers.length} hooks of ${who} was refused meanwhile (slowest ${slowest} ms)`,
    refused.length === 0,
    refused.slice(0, 3),
  );
  if (options.secondKey !== undefined) {
    await ask({ base, key: options.secondKey }, "DELETE", `/api/sessions/${live}`);
  }
}

/** Checks that semantic search finds the session once a scheduled job has embedded it, if a provider is set. */
async function embeddings(options: LiveOptions, session: string): Promise<void> {
  const until = Date.now() + JOB_WITHIN_MS;
  let found: Answer;
  do {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    found = await ask(options, "POST", "/search", { query: "job 1", type: "semantic", limit: 50 });
    if (found.body["code"] === "EMBEDDINGS_NOT_CONFIGURED") {
      console.log("note: no embeddings are configured; they were not checked");
      return;
    }
  } while (!JSON.stringify(found.body).includes(session) && Date.now() < until);
  const isFound = JSON.stringify(found.body).includes(session);
  options.check("what was synced is embedded and found by meaning", isFound, found.status);
}

async function deletion(options: LiveOptions, made: readonly string[]): Promise<void> {
  for (const session of new Set(made)) {
    const gone = await ask(options, "DELETE", `/api/sessions/${session}`);
    const isGone = gone.status === 200 || gone.status === 404;
    options.check(`session ${session} is deleted`, isGone, gone);
    const read = await ask(options, "GET", `/api/sessions/${session}`);
    options.check("and answers 404", read.status === 404, read.status);
  }
}
