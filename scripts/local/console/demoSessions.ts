import { assistant, type DemoSession, tool, user } from "./demoTypes.ts";

/** Demonstration conversations, as plugins of several tools send them. */

const UPLOAD_BEFORE = `export async function upload(file: File) {
  return await fetch(url, { method: "PUT", body: file });
}`;

const UPLOAD_AFTER = `export async function upload(file: File) {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url, { method: "PUT", body: file });
    if (answer.status !== 429 || attempt === ATTEMPTS_MAX) return answer;
    await wait(retryAfter(answer) ?? backoff(attempt));
  }
}`;

const BACKOFF = `/** Milliseconds before the next attempt: doubled each time, half of it by chance. */
export function backoff(attempt: number): number {
  const whole = 250 * 2 ** attempt;
  return whole / 2 + (Math.random() * whole) / 2;
}
`;

const uploads: DemoSession = {
  id: "demo-rate-limits",
  title: "Retry uploads that meet a rate limit",
  source: "claude-code",
  model: "claude-sonnet-4-5",
  provider: "anthropic",
  projectName: "uploader",
  daysAgo: 0,
  price: 0.0045,
  messages: [
    user(
      "<system-reminder>The user opened src/upload.ts in the editor.</system-reminder>\nUploads fail with 429 when many files are sent.\nCan we retry them?",
    ),
    assistant("The client ignores `Retry-After`. I will look at where responses are handled.", {
      thinking:
        "429 means rate limited. The server may name a delay. First see whether there is a retry loop already.",
      tools: [
        tool("Read", { file_path: "src/upload.ts" }, UPLOAD_BEFORE),
        tool(
          "Bash",
          { command: "rg -n 'Retry-After' src", description: "Look for handling of the header" },
          "",
        ),
      ],
    }),
    assistant("There is none. I add a loop that waits as long as the server asks.", {
      tools: [
        tool(
          "Edit",
          { file_path: "src/upload.ts", old_string: UPLOAD_BEFORE, new_string: UPLOAD_AFTER },
          "The file src/upload.ts has been updated.",
        ),
        tool(
          "Write",
          { file_path: "src/backoff.ts", content: BACKOFF },
          "File created: src/backoff.ts",
        ),
        tool(
          "Bash",
          { command: "npm test -- upload" },
          " ✓ upload.test.ts (6 tests) 212ms\n\n Tests  6 passed (6)",
        ),
      ],
    }),
    assistant(
      "Uploads are retried now:\n\n| Case | What happens |\n| --- | --- |\n| `429` with `Retry-After` | waits that long |\n| `429` without | waits with exponential backoff and jitter |\n| fifth `429` | gives up and returns the answer |\n\nThe order of files is kept, because each file waits for itself only.",
    ),
    user("What happens if the network drops in the middle?"),
    assistant(
      'A dropped connection counts as an attempt. The upload is idempotent because the key is the SHA-256 of the file, so sending it again is safe:\n\n```ts\nconst key = await sha256(file);\nawait fetch(`${url}/${key}`, { method: "PUT", body: file });\n```',
    ),
  ],
};

const slowQuery: DemoSession = {
  id: "demo-postgres-index",
  title: "Slow dashboard query",
  source: "opencode",
  model: "gpt-5",
  provider: "openai",
  projectName: "analytics",
  daysAgo: 1,
  price: 0.003,
  messages: [
    user("The dashboard takes eight seconds to load since we reached ten million rows."),
    assistant(
      "`EXPLAIN ANALYZE` shows a sequential scan on `events`, filtered by `account_id` and `created_at`.",
      {
        tools: [
          tool(
            "bash",
            {
              command: "psql -c 'EXPLAIN ANALYZE SELECT count(*) FROM events WHERE account_id = 7'",
            },
            "Seq Scan on events  (cost=0.00..431022.00 rows=10000000)\n  Filter: (account_id = 7)\nExecution Time: 7814.220 ms",
          ),
        ],
      },
    ),
    assistant("A composite index turns it into an index-only scan.", {
      tools: [
        tool(
          "write",
          {
            path: "migrations/0042_events_index.sql",
            content:
              "CREATE INDEX CONCURRENTLY events_account_created\n  ON events (account_id, created_at DESC);\n",
          },
          "ok",
        ),
      ],
    }),
    assistant("Created concurrently, it blocks no writes. The page now loads in **120 ms**."),
  ],
};

const flaky: DemoSession = {
  id: "demo-flaky-test",
  title: "A test that fails on Mondays",
  source: "codex-cli",
  model: "gpt-5-codex",
  provider: "openai",
  projectName: "billing",
  daysAgo: 3,
  messages: [
    user("invoices.test.ts is flaky, it failed twice this month, both times on a Monday."),
    assistant(
      "The test builds its period from the current week and assumes that yesterday is in it. On Mondays yesterday belongs to the week before. I froze the clock and added a case for each weekday.",
      {
        tools: [
          tool(
            "apply_patch",
            {
              input:
                "*** Begin Patch\n*** Update File: test/invoices.test.ts\n@@ beforeEach\n-  const today = new Date();\n+  vi.useFakeTimers({ now: Date.UTC(2026, 0, 5, 12) });\n+  const today = new Date();\n*** End Patch",
            },
            "Success. Updated test/invoices.test.ts",
          ),
        ],
      },
    ),
    user("Good catch, please also check the time zone."),
    assistant(
      "The period is computed in UTC now, and the test runs under `TZ=Pacific/Auckland` as well.",
    ),
  ],
};

const cart: DemoSession = {
  id: "demo-cart-total",
  title: "Cart total is off by a cent",
  source: "claude-code",
  model: "claude-opus-4-5",
  provider: "anthropic",
  projectName: "shop",
  daysAgo: 5,
  price: 0.011,
  messages: [
    user("Some carts show a total that is one cent too high. Order 48213 for example."),
    assistant("Prices are added as floating-point numbers, then rounded for each line.", {
      tools: [
        tool(
          "Grep",
          { pattern: "toFixed\\(2\\)", path: "src" },
          "src/cart.ts:14: total += Number(price.toFixed(2)) * count;",
        ),
        tool(
          "Edit",
          {
            file_path: "src/cart.ts",
            old_string: "total += Number(price.toFixed(2)) * count;",
            new_string: "totalCents += Math.round(price * 100) * count;",
          },
          "Updated src/cart.ts",
        ),
        tool(
          "Bash",
          { command: "npm test" },
          " FAIL cart.test.ts\n   expected 1999, received 19.99",
        ),
      ],
    }),
    assistant("The test still expects dollars. I change it to whole cents.", {
      tools: [tool("Bash", { command: "npm test" }, " ✓ 48 passed")],
    }),
    assistant("Totals are whole cents everywhere now; only the view divides by 100."),
  ],
};

const onboarding: DemoSession = {
  id: "demo-onboarding",
  title: "Explain the authentication flow",
  source: "cursor",
  model: "claude-sonnet-4-5",
  provider: "anthropic",
  projectName: "shop",
  daysAgo: 9,
  messages: [
    user("How does sign-in work here? I am new to this project."),
    assistant(
      "1. The browser sends the form to `/login`.\n2. The server checks the password against its Argon2 hash.\n3. A random token goes into an `HttpOnly` cookie; its hash goes into the table `logins`.\n\n> Nothing else ever sees the token.\n\nSee [OWASP's advice on sessions](https://cheatsheetseries.owasp.org/).",
    ),
  ],
};

const release: DemoSession = {
  id: "demo-release-notes",
  title: "Release notes for 2.4",
  source: "gemini-cli",
  model: "gemini-3-pro",
  provider: "google",
  projectName: "uploader",
  daysAgo: 16,
  price: 0.002,
  messages: [
    user("Write release notes for 2.4 from the commits since the tag v2.3."),
    assistant("I read the commits first.", {
      tools: [
        tool(
          "run_shell_command",
          { command: "git log --oneline v2.3..HEAD" },
          "a1b2c3d Retry uploads\nd4e5f6a Resume after a crash\n0f9e8d7 Fix the progress bar",
        ),
      ],
    }),
    assistant(
      "## 2.4\n\n- Uploads that meet a rate limit are **retried**.\n- An upload **resumes** after a crash.\n- The progress bar no longer jumps back.",
    ),
  ],
};

export const DEMO_SESSIONS: readonly DemoSession[] = [
  uploads,
  slowQuery,
  flaky,
  cart,
  onboarding,
  release,
];

/** Edits by the owner after the sessions were synced. */
export const DEMO_EDITS: readonly { id: string; edits: Record<string, unknown> }[] = [
  { id: uploads.id, edits: { isPublic: true, evalReady: true, evalStatus: "golden" } },
  {
    id: cart.id,
    edits: {
      evalReady: true,
      evalStatus: "correct",
      evalTags: ["money", "rounding"],
      evalNotes: "Found the cause at once.",
    },
  },
  { id: flaky.id, edits: { evalReady: true, evalStatus: "needs_review" } },
];
