import type { Operation } from "./cost.ts";
import {
  liveSession,
  pastMessages,
  pastSession,
  prose,
  TOOL_CALLS,
  TURN_MESSAGES,
  type MessageBody,
} from "./payloads.ts";
import { BATCH, LIVE, type World } from "./world.ts";

/** Every operation of the HTTP API that has a price, a declared entry each. */

/** A message of the session under way that was never sent before. */
function newMessage(world: World): MessageBody {
  const n = world.fresh();
  return {
    sessionExternalId: LIVE,
    externalId: `new-${n}`,
    role: n % 2 === 0 ? "assistant" : "user",
    source: "claude-code",
    textContent: prose(n, 600),
  };
}

/** A message that is sent again and again. */
const SAME_MESSAGE: MessageBody = {
  sessionExternalId: LIVE,
  externalId: "same",
  role: "user",
  source: "claude-code",
  textContent: prose(1, 600),
};

/** Nothing is due: the next request is the first of a burst. */
const quiet = (world: World) => world.engine.settle();

/** A burst of the session under way has begun: its refresh is due. */
async function inBurst(world: World): Promise<void> {
  await quiet(world);
  await world.send("/sync/message", newMessage(world));
}

const message: Operation[] = [
  {
    name: "message, new",
    items: 1,
    account: "request",
    prepare: inBurst,
    run: (world) => world.send("/sync/message", newMessage(world)),
  },
  {
    name: "message, new, first of its burst",
    items: 1,
    account: "request",
    prepare: quiet,
    run: (world) => world.send("/sync/message", newMessage(world)),
  },
  {
    name: "burst of 5 messages",
    items: 5,
    account: "request",
    prepare: quiet,
    run: async (world) => {
      for (let i = 0; i < 5; i++) await world.send("/sync/message", newMessage(world));
    },
  },
  {
    name: "message, delivered again",
    items: 1,
    account: "request",
    storesNothing: true,
    prepare: async (world) => {
      await world.send("/sync/message", SAME_MESSAGE);
      await quiet(world);
    },
    run: (world) => world.send("/sync/message", SAME_MESSAGE),
  },
];

const session: Operation[] = [
  {
    name: "session, new",
    items: 1,
    account: "request",
    prepare: quiet,
    run: (world) => world.send("/sync/session", liveSession(`new-${world.fresh()}`, 1)),
  },
  {
    name: "session, updated",
    items: 1,
    account: "request",
    prepare: quiet,
    run: (world) => world.send("/sync/session", liveSession(LIVE, 1_000_000 + world.fresh())),
  },
];

const batch: Operation[] = [
  {
    name: "batch of 100 messages",
    items: BATCH,
    account: "request",
    prepare: quiet,
    run: async (world) => {
      const past = pastSession(0);
      const messages = pastMessages(past, 1_000 + world.fresh() * BATCH, BATCH);
      await world.send("/sync/batch", { sessions: [past], messages });
    },
  },
  ...[1, 20].map((n): Operation => ({
    name: `refresh after a burst of ${n}`,
    items: n,
    account: { background: "sessions:refresh" },
    prepare: quiet,
    run: async (world) => {
      for (let i = 0; i < n; i++) await world.send("/sync/message", newMessage(world));
    },
  })),
];

/** Rows of a page of 100 messages of the session under way: whole turns, each tool call with two parts. */
const PAGE_ROWS = (100 / TURN_MESSAGES) * (TURN_MESSAGES + 2 * TOOL_CALLS);

const reading: Operation[] = [
  {
    name: "list of 10 sessions",
    items: 10,
    account: "request",
    prepare: quiet,
    run: (world) => world.send("/api/sessions?limit=10"),
  },
  {
    name: "page of 100 messages with parts",
    items: PAGE_ROWS,
    account: "request",
    prepare: quiet,
    run: (world) => world.send(`/api/sessions/${LIVE}?messages_limit=100`),
  },
];

export const operations: readonly Operation[] = [...message, ...session, ...batch, ...reading];
