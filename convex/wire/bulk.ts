import * as z from "zod";
import { EditTags } from "./evals";
import { label } from "./fields";
import { aliased } from "./parameters";
import { route } from "./route";
import { sessionFilters } from "./sessionFilters";
import { chosenList, clamped, flag } from "./values";

/** The filter of a bulk request, as lists take it. */
export const BulkFilter = z.object(sessionFilters);

const BulkBody = z.object({
  sessionIds: aliased(chosenList("Sessions by their ids or external ids, at most 1,000."), "ids"),
  filter: z
    .record(z.string(), z.unknown(), { error: "must be an object of filters" })
    .optional()
    .meta({ description: "Sessions that match, with the names of `GET /api/sessions`." }),
  limit: clamped("Sessions per request with `filter`.", 1, 1_000, 200),
  cursor: label("The `cursor` of the previous answer, to continue with `filter`."),
  ...EditTags,
  delete: flag("Delete the sessions. They stay deleted when plugins send them again."),
  dryRun: flag("Change nothing, and tell what would happen."),
});

const Result = z.object({
  id: z.string().meta({ description: "The id as it was sent, or the session's." }),
  sessionId: z.string().optional(),
  externalId: z.string().optional(),
  outcome: z.enum(["updated", "unchanged", "deleted", "not_found", "failed"]),
  code: z.string().optional().meta({ description: "With `failed`: why, as in error answers." }),
  message: z.string().optional(),
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
    dryRun: z.boolean(),
    results: z.array(Result).meta({ description: "One for each session." }),
    counts: z.record(z.string(), z.number()).meta({ description: "Results by outcome." }),
    cursor: z.string().nullable().meta({
      description: "With `filter`: where to continue; null if all that match were changed.",
    }),
  }),
});
