import * as z from "zod";
import { EditTags } from "./evals";
import { label } from "./fields";
import { nextCursor, text } from "./units";
import { namedBody } from "./openapiInput";
import { aliased } from "./parameters";
import { route } from "./route";
import { sessionFilters } from "./sessionFilters";
import { chosenList, clamped, flag } from "./values";

/** The filter of a bulk request, as lists take it. */
export const BulkFilter = z.object(sessionFilters);

/** For the OpenAPI document: a body with this field. */
const withField = (name: string) => ({
  type: "object",
  required: [name],
  properties: { [name]: { description: "Required here." } },
});

const BulkBody = z
  .object({
    sessionIds: aliased(chosenList("Sessions by their ids or external ids, at most 1,000."), "ids"),
    filter: z
      .record(z.string(), z.unknown(), { error: "must be an object of filters" })
      .optional()
      .meta({
        ...namedBody(BulkFilter, new Map()),
        description: "Sessions that match, with the names of `GET /api/sessions`.",
      }),
    limit: clamped("Sessions per request with `filter`.", 1, 1_000, 200),
    cursor: label("The `cursor` of the previous answer, to continue with `filter`."),
    ...EditTags,
    delete: flag("Delete the sessions. They stay deleted when plugins send them again."),
    dryRun: flag("Change nothing, and tell what would happen."),
  })
  .meta({
    allOf: [
      { anyOf: [withField("sessionIds"), withField("filter")] },
      { anyOf: ["addTags", "removeTags", "delete"].map(withField) },
    ],
  });

const Result = z.object({
  id: text("The id as it was sent, or the session's."),
  sessionId: text("Our id of the session.").optional(),
  externalId: text("The plugin's id of the session.").optional(),
  outcome: z
    .enum(["updated", "unchanged", "deleted", "not_found", "failed"])
    .meta({ description: "What happened, or with `dryRun` what would happen." }),
  code: text("With `failed`: the reason as a code, as in error answers.").optional(),
  message: text("With `failed`: the reason, for people.").optional(),
});
export type BulkResult = z.output<typeof Result>;

export const bulkSessions = route({
  method: "POST",
  path: "/api/sessions/bulk",
  name: "bulkSessions",
  summary: "Tag or delete many sessions, by ids or by a filter",
  access: "caller",
  limit: "read",
  body: BulkBody,
  answer: z.object({
    dryRun: z.boolean().meta({ description: "Whether nothing was changed." }),
    results: z.array(Result).meta({ description: "One for each session." }),
    counts: z
      .record(z.string(), z.number())
      .meta({ description: "Number of sessions by outcome." }),
    cursor: nextCursor("With `filter`: where to continue; null if all that match were changed."),
  }),
});
