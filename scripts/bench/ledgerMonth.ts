import { startTestEngine } from "../local/testing.ts";
import { MESSAGES_PER_SESSION, SESSIONS_PER_MONTH } from "./bill.ts";
import { indexesOfTables } from "./indexes.ts";
import { storedIn } from "./storage.ts";

/** The size of the ledger for a developer's month in which every message has usage and many call tools. */

const DAY_MS = 86_400_000;
const MONTH = Date.parse("2026-09-01T07:00:00Z");
const DAYS = 22;
const SESSION_MS = 3 * 3_600_000;
const LEDGER = ["sessionDays", "ledgerGrains", "ledgerDays", "dailyWrapped"];
const TABLES = [...LEDGER, "usageClaims", "callLinks"];
const MODELS = ["claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "gpt-5.1-codex"];
const TOOLS = ["Bash", "Read", "Edit", "Grep", "Write", "mcp__github__search_code"];

const at = <T>(list: readonly T[], index: number) => list[index % list.length];

/** A call in one message and its result in the next, as the importer sends Claude Code's. */
function messagesOf(session: number) {
  const began = MONTH + (session % DAYS) * DAY_MS + (session % 8) * 3_600_000;
  return Array.from({ length: MESSAGES_PER_SESSION }, (_, n) => {
    const isCall = n % 2 === 0;
    const id = `toolu_${session}_${n - (n % 2)}`;
    const call = { type: "tool_use", id, name: at(TOOLS, session + n / 2), input: { n } };
    const result = { type: "tool_result", tool_use_id: id, content: "ok", is_error: n % 20 === 1 };
    return {
      ...{ sessionExternalId: `s${session}`, externalId: `m${n}`, source: "claude-code" },
      createdAt: began + Math.floor((n * SESSION_MS) / MESSAGES_PER_SESSION),
      ...(isCall
        ? {
            ...{
              role: "assistant",
              model: at(MODELS, session),
              apiMessageId: `msg_${session}_${n}`,
            },
            ...{ promptTokens: 12 + n, completionTokens: 240, cacheReadTokens: 40_000 + n },
            ...{ cacheWriteTokens: 900, cacheWrite1hTokens: 900, parts: [call] },
          }
        : { role: "user", parts: [result] }),
    };
  });
}

async function main(): Promise<void> {
  const engine = await startTestEngine({
    embeddings: false,
    limits: { mode: "enforce", writeBytesPerSecond: Infinity },
  });
  const { apiKey: key } = await engine.createUser();
  for (let session = 0; session < SESSIONS_PER_MONTH; session++) {
    const announced = { externalId: `s${session}`, projectName: `project-${session % 4}` };
    const json = { sessions: [announced], messages: messagesOf(session) };
    const answer = await engine.request("/sync/batch", { key, json });
    if (answer.status !== 200) throw new Error(await answer.text());
  }
  await engine.settle(60_000);
  const stored = storedIn(engine.data);
  await engine.stop();
  const indexes = indexesOfTables();
  const lines = TABLES.map((table) => {
    const { rows = 0, bytes = 0 } = stored[table] ?? {};
    return { table, rows, bytes, billed: bytes * (1 + (indexes[table]?.ordered ?? 0)) };
  });
  console.table(lines);
  console.log(`Together: ${lines.reduce((sum, { billed }) => sum + billed, 0)} bytes billed`);
}

await main();
