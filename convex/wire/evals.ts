import * as z from "zod";
import { EVAL_STATUSES } from "../lib/enums";
import { wellFormed } from "../lib/text";
import { SessionAnswer } from "./answers";
import { route } from "./route";

/** Text to set, or null to clear. */
const text = (description: string) =>
  z
    .string({ error: "must be text or null" })
    .overwrite(wellFormed)
    .nullable()
    .optional()
    .meta({ description });
const boolean = (description: string) =>
  z.boolean({ error: "must be true or false" }).optional().meta({ description });

/** What the owner may change of a session; absent keeps, null clears. */
const SessionPatch = z.strictObject({
  title: text("Plugins no longer replace a title set here; null gives it back to them."),
  evalReady: boolean("Whether exports for evaluation take the session."),
  evalStatus: z
    .enum(EVAL_STATUSES, {
      error: "must be golden, correct, incorrect, needs_review or null",
    })
    .nullable()
    .optional(),
  evalTags: z
    .array(z.string({ error: "must be text" }).overwrite(wellFormed), {
      error: "must be a list of texts or null",
    })
    .nullable()
    .optional(),
  evalNotes: text("The reviewer's notes."),
  expectedOutput: text("What the last answer should have been."),
  isPublic: boolean("Whether the session is shared under its `publicSlug`."),
});

export const patchSession = route({
  method: "PATCH",
  path: "/api/sessions/:id",
  name: "updateSession",
  summary: "Title, evaluation and sharing of a session",
  access: "caller",
  limit: "read",
  body: SessionPatch,
  answer: SessionAnswer.extend({
    session: SessionAnswer,
    maskedSecrets: z.number().optional().meta({
      description: "While the session is shared: how many secrets its public page masks.",
    }),
  }),
});

export const deleteSession = route({
  method: "DELETE",
  path: "/api/sessions/:id",
  name: "deleteSession",
  summary: "Delete a session with its messages",
  access: "caller",
  limit: "read",
  answer: z.object({ ok: z.literal(true), sessionId: z.string() }),
});
