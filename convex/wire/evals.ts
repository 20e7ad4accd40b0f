import * as z from "zod";
import { EVAL_STATUSES } from "../lib/enums";
import { wellFormed } from "../lib/text";
import { SessionAnswer } from "./answers";
import { route } from "./route";
import { SESSION_PARAM } from "./sessions";
import { count, text as textAnswer } from "./units";
import { moment } from "./values";

/** The `ok` of a deletion. */
const done = z.literal(true).meta({ description: "The session is deleted." });

/** Text to set, or null to clear it. */
const text = (description: string) =>
  z
    .string({ error: "must be text or null" })
    .overwrite(wellFormed)
    .nullable()
    .optional()
    .meta({ description });
const boolean = (description: string) =>
  z.boolean({ error: "must be true or false" }).optional().meta({ description });

const tags = (description: string) =>
  z
    .array(z.string({ error: "must be text" }).overwrite(wellFormed), {
      error: "must be a list of texts",
    })
    .optional()
    .meta({ description });

/** Changes of a session's tags that keep the others. */
export const EditTags = {
  addTags: tags("Tags to add."),
  removeTags: tags("Tags to remove; a tag that is also added stays."),
};

/**
 * The fields of a session that its owner may change. A missing field keeps its value; null clears
 * it.
 */
const SessionPatch = z.object({
  title: text("Replaces the plugins' title until it is set to null."),
  evalReady: boolean("Whether evaluation exports include the session."),
  evalStatus: z
    .enum(EVAL_STATUSES, {
      error: "must be golden, correct, incorrect, needs_review or null",
    })
    .nullable()
    .optional()
    .meta({ description: "The verdict." }),
  evalTags: z
    .array(z.string({ error: "must be text" }).overwrite(wellFormed), {
      error: "must be a list of texts or null",
    })
    .nullable()
    .optional()
    .meta({ description: "Replaces all tags." }),
  ...EditTags,
  evalNotes: text("The reviewer's notes."),
  expectedOutput: text("The expected last answer."),
  reviewedAt: moment(
    "When it was reviewed, for reviews that come from elsewhere. Default: now, with a verdict or mark.",
  ),
  isPublic: boolean("Whether the session is shared under its `publicSlug`."),
  expires: z
    .union([z.null(), moment("When the shared link stops working.", "end")], {
      error: "must be a day (YYYY-MM-DD), a time or null",
    })
    .optional()
    .meta({
      description:
        "When the shared link stops working, as `YYYY-MM-DD` (the end of that UTC day), ISO 8601 or epoch ms; null if it has no end.",
    }),
});

export const patchSession = route({
  method: "PATCH",
  path: "/api/sessions/:id",
  param: SESSION_PARAM,
  name: "updateSession",
  summary: "Change the title, evaluation or sharing of a session",
  access: "caller",
  limit: "read",
  body: SessionPatch,
  answer: SessionAnswer.extend({
    session: SessionAnswer,
    publicUrl: textAnswer("The address of the public page, if the session is shared.").optional(),
    maskedSecrets: count(
      "Number of secrets that the public page masks, if the session is shared.",
    ).optional(),
  }),
});

export const deleteSession = route({
  method: "DELETE",
  path: "/api/sessions/:id",
  param: SESSION_PARAM,
  name: "deleteSession",
  summary: "Delete a session with its messages",
  access: "caller",
  limit: "read",
  answer: z.object({ ok: done, sessionId: textAnswer("Our id of the session.") }),
});
