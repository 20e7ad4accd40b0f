import * as z from "zod";
import { MODES, STYLES, TURN_MODES, TURNS } from "../lib/enums";
import { keysOf } from "../lib/record";
import { label } from "./fields";
import { EXPORT_DOCUMENTS } from "./exportDocuments";
import { NEXT_LINK, route } from "./route";
import { readSessionFilters, sessionFilters } from "./sessionFilters";
import { bound, chosenLabel, chosenList, flag, oneOf } from "./values";

/** The formats of `exports/index.ts`, by name. */
type Formats<Name extends string> = { readonly [name in Name]: unknown };

function formatParameter<Name extends string>(formats: Formats<Name>) {
  const names = keysOf(formats);
  const isName = (name: string): name is Name => names.some((one) => one === name);
  return label("")
    .transform((name, issues): Name | undefined => {
      if (name === undefined || isName(name)) return name;
      issues.addIssue({ code: "custom", message: `must be one of ${names.join(", ")}` });
      return z.NEVER;
    })
    .meta({
      type: "string",
      enum: names,
      description: "Default: json for one session, jsonl with `all`, otherwise deepeval.",
    });
}

const ExportParameters = z.object({
  id: chosenLabel(
    "One session, by its id or external id; 404 if it is not yours. Excludes `sessionIds` and `all`.",
  ),
  sessionIds: chosenList(
    "Comma-separated session ids. Missing or `all`: every session marked ready for evaluation. A list excludes `all=true`.",
  ),
  include_children: flag(
    "With `id` or `sessionIds`: also all sessions that were forked, resumed or spawned from them.",
  ),
  all: flag("Export every session, not only those marked ready for evaluation."),
  ...sessionFilters,
  limit: bound("Maximum number of sessions over all pages.", 1),
  cursor: label("`X-Export-Cursor` of the previous answer, to continue a large export."),
  turns: oneOf(
    TURNS,
    "How conversations become test cases: one per question, per conversation, as a whole, or the last question only.",
  ),
  turn_mode: oneOf(["per_turn", "full", "final_only"], "Alias of `turns`.").meta({
    deprecated: true,
  }),
  style: oneOf(STYLES, "Record format for `openai`."),
  mode: oneOf(
    MODES,
    "For `promptfoo`: `eval` (default) calls a model, `replay` grades the recorded answers.",
  ),
  bom: flag("For `csv`: start with a byte order mark, which Excel needs.", true),
  include_metadata: flag("Include the session's id, model and tags in test cases.", true),
  anonymize: flag(
    "Replace user names, home paths, e-mail addresses, keys and tokens by pseudonyms or markers.",
  ),
});

/** The parameters of an export with aliases resolved. */
const exportQuery = <Name extends string>(formats: Formats<Name>) =>
  ExportParameters.extend({ format: formatParameter(formats) }).transform((query, issues) => {
    const { format, id, sessionIds, all, limit, cursor, anonymize, bom, ...rest } = query;
    const { turns: chosen, turn_mode, style = "evals", mode = "eval", include_metadata } = rest;
    const turns = chosen ?? (turn_mode ? TURN_MODES[turn_mode] : "single");
    const ids = sessionIds?.[0] === "all" ? undefined : sessionIds;
    refuseSeveralSelections(issues, { id, sessionIds: id === undefined ? ids : sessionIds, all });
    return {
      ...{ format, id, limit, cursor, anonymize, includesChildren: rest.include_children },
      options: { turns, style, mode, metadata: include_metadata, bom },
      selection: {
        sessionIds: id === undefined ? ids : [id],
        all,
        ...readSessionFilters(rest),
      },
    };
  });

/** Rejects two ways to say which sessions are meant, because either would ignore the other. */
function refuseSeveralSelections(
  issues: z.RefinementCtx,
  { id, sessionIds, all }: { id?: string; sessionIds?: readonly string[]; all: boolean },
): void {
  const refuse = (path: string, other: string) => {
    issues.addIssue({ code: "custom", path: [path], message: `excludes ${other}: send only one` });
  };
  if (id !== undefined && sessionIds !== undefined) refuse("id", "sessionIds");
  else if (id !== undefined && all) refuse("id", "all");
  else if (sessionIds !== undefined && all) refuse("sessionIds", "all");
}

const EXPORT_HEADERS = {
  "X-Export-Sessions": "Sessions of the export so far.",
  "X-Export-TestCases": "Records of the export in this answer.",
  "X-Export-Usage": "How to load the document.",
  "Content-Disposition": "A name for the file.",
};
const SOME_EXPORT_HEADERS = {
  "X-Export-Cursor": "Send it as `cursor` to get the rest. Not on the last page.",
  "X-Export-Skipped": 'Sessions larger than one answer: `2; sessions="a b"; reason="…"`.',
  "X-Export-Cut": 'Messages of which the format has the beginning: `1; messages="a"; …`.',
  "X-Export-Incomplete":
    'Messages that were still being stored, so that only their beginning is here: `1; messages="a"; …`.',
  "X-Export-Unknown": 'Ids in `session_ids` that are not yours: `1; ids="a"`.',
  "X-Export-Empty": "Why the export is empty.",
};

/** Declares the export endpoints for these formats; the names of the parameter follow from the list. */
export function exportRoutes<Name extends string>(formats: Formats<Name>) {
  const parameters = exportQuery(formats);
  const shared = {
    access: "caller",
    limit: "export",
    isTagged: true,
    headers: EXPORT_HEADERS,
    fails: ["NOT_FOUND"],
    someHeaders: SOME_EXPORT_HEADERS,
    produces: EXPORT_DOCUMENTS,
  } as const;
  const byQuery = { ...shared, method: "GET", query: parameters } as const;
  const pages = { ...SOME_EXPORT_HEADERS, ...NEXT_LINK };
  return {
    exportByBody: route({
      ...shared,
      method: "POST",
      path: "/api/export",
      name: "exportByBody",
      summary: "Export sessions as `GET /api/export` does, with the same names in the body",
      body: parameters,
    }),
    exportSessions: route({
      ...byQuery,
      someHeaders: pages,
      path: "/api/export",
      name: "exportSessions",
      summary: "Export sessions in the formats of evaluation tools",
      description:
        "Each answer is a complete document; `X-Export-Cursor`, if present, requests the next one.",
    }),
    exportEvals: route({
      ...byQuery,
      someHeaders: pages,
      deprecated: true,
      path: "/api/export/evals",
      name: "exportEvals",
      summary: "Alias of `/api/export` for older clients",
    }),
  };
}

export type ExportQuery<Name extends string> = z.output<ReturnType<typeof exportQuery<Name>>>;
