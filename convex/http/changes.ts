import type { FunctionReturnType } from "convex/server";
import { internal } from "../_generated/api";
import { pause } from "../lib/pause";
import * as routes from "../wire/changes";
import { linkTo } from "./respond";
import { endpoint, type Endpoint } from "./endpoint";

type Page = FunctionReturnType<typeof internal.changes.page>;

/** Pauses between two reads. They grow, because most requests wait for the whole time without a change. */
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 4_000;

export const getChanges: Endpoint = endpoint(
  routes.getChanges,
  async (ctx, { caller, query: { wait, ...query }, line, request }) => {
    const read = (now: number): Promise<Page> =>
      ctx.runQuery(internal.changes.page, { caller, ...query, now });
    const { isReset: reset, ...page } = await waiting(read, line.startedAt, wait * 1_000);
    const next = page.hasMore ? page.cursor : null;
    return { body: { ...page, reset }, headers: linkTo(request, ["cursor"], next) };
  },
);

/** Reads again until there is something to tell, or this time has passed. */
async function waiting(
  read: (now: number) => Promise<Page>,
  startedAt: number,
  waitMs: number,
): Promise<Page> {
  let waited = 0;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const page = await read(startedAt + waited);
    if (page.changes.length > 0 || page.isReset || waited >= waitMs) return page;
    const ms = Math.min(pauseMs, waitMs - waited);
    await pause.forMs(ms);
    waited += ms;
    pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS);
  }
}
