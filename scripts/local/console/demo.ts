interface DemoMessage {
  role: "user" | "assistant";
  text: string;
  tool?: { toolName: string; args: Record<string, unknown>; result: string };
}

interface DemoSession {
  id: string;
  title: string;
  source: string;
  model: string;
  projectName: string;
  messages: DemoMessage[];
}

/** A few conversations as the plugins send them, to have something to list, read and search. */
const SESSIONS: DemoSession[] = [
  {
    id: "demo-rate-limits",
    title: "Retry uploads that meet a rate limit",
    source: "claude-code",
    model: "claude-sonnet-4-5",
    projectName: "uploader",
    messages: [
      { role: "user", text: "Uploads fail with 429 when many files are sent. Can we retry them?" },
      {
        role: "assistant",
        text: "The client ignores the Retry-After header. I will look at where responses are handled.",
        tool: {
          toolName: "Read",
          args: { file_path: "src/upload.ts" },
          result:
            "export async function upload(file) { return fetch(url, { method: 'PUT', body: file }); }",
        },
      },
      {
        role: "assistant",
        text: "I wrapped `upload` in a loop with exponential backoff and jitter: it waits for Retry-After when the server names it, gives up after five attempts, and keeps the order of files.",
      },
      { role: "user", text: "What happens if the network drops in the middle?" },
      {
        role: "assistant",
        text: "A dropped connection counts as an attempt. The upload is idempotent because the key is the SHA-256 of the file, so sending it again is safe.",
      },
    ],
  },
  {
    id: "demo-postgres-index",
    title: "Slow dashboard query",
    source: "opencode",
    model: "gpt-5",
    projectName: "analytics",
    messages: [
      {
        role: "user",
        text: "The dashboard takes eight seconds to load since we reached ten million rows.",
      },
      {
        role: "assistant",
        text: "EXPLAIN ANALYZE shows a sequential scan on events filtered by account_id and created_at.",
        tool: {
          toolName: "bash",
          args: { command: "psql -c 'EXPLAIN ANALYZE SELECT …'" },
          result: "Seq Scan on events (cost=0.00..431022.00 rows=10000000)",
        },
      },
      {
        role: "assistant",
        text: "A composite index on (account_id, created_at DESC) turns it into an index-only scan. Created concurrently, it blocks no writes. The page now loads in 120 ms.",
      },
    ],
  },
  {
    id: "demo-flaky-test",
    title: "A test that fails on Mondays",
    source: "codex-cli",
    model: "gpt-5-codex",
    projectName: "billing",
    messages: [
      {
        role: "user",
        text: "invoices.test.ts is flaky, it failed twice this month, both times on a Monday.",
      },
      {
        role: "assistant",
        text: "The test builds its period from the current week and assumes that yesterday is in it. On Mondays yesterday belongs to the week before. I froze the clock in the test and added a case for each weekday.",
      },
      { role: "user", text: "Good catch, please also check the time zone." },
      {
        role: "assistant",
        text: "The period is computed in UTC now, and the test runs under TZ=Pacific/Auckland as well.",
      },
    ],
  },
];

const MINUTE_MS = 60_000;

function parts({ text, tool }: DemoMessage) {
  if (tool === undefined) return [{ type: "text", content: text }];
  const { toolName, args, result } = tool;
  return [
    { type: "text", content: text },
    { type: "tool-call", content: { toolName, args } },
    { type: "tool-result", content: { toolName, result } },
  ];
}

function batch(now: number) {
  const start = now - SESSIONS.length * 60 * MINUTE_MS;
  return {
    sessions: SESSIONS.map(({ id, title, source, model, projectName }) => ({
      externalId: id,
      title,
      source,
      model,
      projectName,
      projectPath: `/home/demo/${projectName}`,
    })),
    messages: SESSIONS.flatMap(({ id, source, model, messages }, s) =>
      messages.map((message, i) => ({
        sessionExternalId: id,
        externalId: `${id}-${i + 1}`,
        role: message.role,
        source,
        textContent: message.text,
        createdAt: start + s * 60 * MINUTE_MS + i * MINUTE_MS,
        parts: parts(message),
        ...(message.role === "assistant"
          ? {
              model,
              promptTokens: 900 + 40 * i,
              completionTokens: Math.ceil(message.text.length / 4),
            }
          : {}),
      })),
    ),
  };
}

/** Send the demonstration sessions the way a plugin would; sending them again changes nothing. */
export async function sendDemo(url: string, key: string): Promise<string> {
  const answer = await fetch(`${url}/sync/batch`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(batch(Date.now())),
  });
  if (!answer.ok)
    throw new Error(`The demonstration sessions were refused: ${await answer.text()}`);
  return `${SESSIONS.length} demonstration sessions are in place.`;
}
