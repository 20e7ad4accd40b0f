import { SILENCE_MS, type Operation } from "./cost.ts";
import { prose, type MessageBody } from "./payloads.ts";
import { BATCH } from "./world.ts";

/** A past day without other sessions. */
const CROWDED_DAY_MS = Date.parse("2026-03-10T00:00:00Z");
/** Sessions on it in the smallest history: one an hour, so that a larger one fills no further quarter hours. */
const CROWD = 24;

function crowdedMessage(session: number, id: string, at: number): MessageBody {
  const hour = (session % CROWD) * 3_600_000;
  return {
    ...{ sessionExternalId: `crowd-${session}`, externalId: id, role: "assistant" },
    ...{ source: "claude-code", textContent: prose(session, 200), model: "claude-sonnet-4-5" },
    ...{ promptTokens: 1_000 + session, completionTokens: 200 },
    createdAt: CROWDED_DAY_MS + hour + at,
    parts: [{ type: "tool_use", content: { toolName: "Bash", args: { command: "ls" } } }],
  };
}

/** What one more message costs the refresh, on a day with many sessions of the same names. */
export const crowdedDay: Operation = {
  name: "refresh on a crowded day",
  items: 1,
  account: { background: ["sessions:refresh"] },
  prepare: async (world) => {
    const crowd = Array.from({ length: CROWD * world.scale }, (_, n) =>
      crowdedMessage(n, "first", n % 600),
    );
    for (let at = 0; at < crowd.length; at += BATCH) {
      await world.send("/sync/batch", { messages: crowd.slice(at, at + BATCH) });
    }
    await world.engine.settle(SILENCE_MS);
  },
  run: (world) =>
    world.send("/sync/message", crowdedMessage(0, `one-more-${world.fresh()}`, 1_000)),
};
