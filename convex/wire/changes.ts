import * as z from "zod";
import { SessionAnswer } from "./answers";
import { label } from "./fields";
import { NEXT_LINK, route } from "./route";
import { text, time } from "./units";
import { clamped } from "./values";

const at = time("When it happened");
const id = text("The session's id.");
const what = (description: string) => ({ description });

/** How long a request may wait for a change. Proxies close connections that are quiet for longer. */
const CHANGES_WAIT_MAX_SECONDS = 20;

/** Something that happened to a session. */
const Change = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("upsert").meta(what("The session is new, or was changed.")),
    ...{ id, at, session: SessionAnswer },
  }),
  z.object({ type: z.literal("delete").meta(what("The session was deleted.")), id, at }),
]);
export type Change = z.output<typeof Change>;

/** More than a cursor has that names 300 fresh changes (`model/sessions/feed.ts`): cut, it would be refused. */
const CURSOR_MAX_BYTES = 8_000;

export const getChanges = route({
  method: "GET",
  path: "/api/changes",
  name: "getChanges",
  summary: "Follow what happens to your sessions: upserts and deletions, in order",
  access: "caller",
  limit: "read",
  someHeaders: NEXT_LINK,
  query: z.object({
    cursor: label(
      "The `cursor` of the previous answer. Without it, everything that exists.",
      CURSOR_MAX_BYTES,
    ),
    limit: clamped("Changes per answer.", 1, 200, 100),
    wait: clamped(
      "How many seconds to wait for a change if there is none.",
      0,
      CHANGES_WAIT_MAX_SECONDS,
      0,
    ),
  }),
  answer: z.object({
    changes: z.array(Change).meta({
      description: "Oldest first. Several changes of a session since the last answer are one.",
    }),
    cursor: text("Never null: keep it to ask for what changes next."),
    hasMore: z.boolean().meta({ description: "Whether to ask again at once." }),
    reset: z.boolean().meta({
      description:
        "True if all data was deleted, the cursor is older than a year, or the server's clock was set back: forget what you have, everything follows.",
    }),
  }),
});
