import * as z from "zod";
import { EVAL_STATUSES, MODES, STYLES, TURN_MODES, TURNS } from "../lib/enums";
import { keysOf } from "../lib/record";
import { bound, chosenLabel, chosenList, flag, label, moment, tagList } from "./fields";
import { filterShape, readFilters } from "./fieldShapes";
import { route } from "./route";
import { readSource } from "./sources";

/** One of these words; rejects anything else. */
function word<const Words extends readonly [string, ...string[]]>(words: Words, why: string) {
  return z
    .enum(words, { error: `must be one of ${words.join(", ")}` })
    .optional()
    .meta({
      description: why,
    });
}

/** The formats of `exports/index.ts`, as far as declarations depend on them. */
type Formats<Name extends string> = { readonly [name in Name]: { contentType: string } };

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
  id: chosenLabel("One session, by its id or external id; 404 if it is not yours."),
  sessionIds: chosenList(
    "Comma-separated session ids. Missing or `all`: every session marked ready for evaluation.",
  ),
  all: flag("Export every session, not only those marked ready for evaluation."),
  status: word(EVAL_STATUSES, "Only sessions with this verdict."),
  tag: tagList("Only sessions with one of these tags."),
  tags: tagList("Alias of `tag`."),
  source: label("Only sessions of this tool."),
  tool: label("Alias of `source`."),
  ...filterShape(),
  from: moment("Only sessions active at or after this time or day."),
  to: moment("Only sessions created by this time, or by the end of this day.", "end"),
  date_from: moment("Alias of `from`."),
  date_to: moment("Alias of `to`.", "end"),
  limit: bound("Maximum number of sessions over all pages.", 1),
  cursor: label("`X-Export-Cursor` of the previous answer, to continue a large export."),
  turns: word(
    TURNS,
    "How conversations become test cases: one per question, per conversation, as a whole, or the last question only.",
  ),
  turn_mode: word(["per_turn", "full", "final_only"], "Alias of `turns`."),
  style: word(STYLES, "Record format for `openai`."),
  mode: word(
    MODES,
    "For `promptfoo`: `eval` (default) calls a model, `replay` grades the recorded answers.",
  ),
  bom: flag("For `csv`: start with a byte order mark, which Excel needs.", true),
  min_tokens: bound("Only sessions with at least this many tokens.", 0),
  include_metadata: flag("Include the session's id, model and tags in test cases.", true),
  anonymize: flag(
    "Replace user names, home paths, e-mail addresses, keys and tokens by pseudonyms or markers.",
  ),
});

/** The parameters of an export with aliases resolved. */
const exportQuery = <Name extends string>(formats: Formats<Name>) =>
  ExportParameters.extend({ format: formatParameter(formats) }).transform((query) => {
    const { format, id, status, limit, cursor, anonymize, all, bom } = query;
    const { style = "evals", mode = "eval" } = query;
    const turns = query.turns ?? (query.turn_mode ? TURN_MODES[query.turn_mode] : "single");
    const ids = query.sessionIds?.[0] === "all" ? undefined : query.sessionIds;
    return {
      ...{ format, id, limit, cursor, anonymize },
      options: { turns, style, mode, metadata: query.include_metadata, bom },
      selection: {
        sessionIds: id === undefined ? ids : [id],
        all,
        status,
        tags: query.tag ?? query.tags,
        source: readSource(query.source ?? query.tool),
        ...readFilters(query),
        from: query.from ?? query.date_from,
        to: query.to ?? query.date_to,
        minTokens: query.min_tokens,
      },
    };
  });

/** Declares the export endpoints for these formats; names and media types follow from the list. */
export function exportRoutes<Name extends string>(formats: Formats<Name>) {
  const types = keysOf(formats).map((name) => formats[name].contentType.split(";")[0] ?? "");
  const shared = {
    method: "GET",
    access: "caller",
    limit: "export",
    query: exportQuery(formats),
    produces: Array.from(new Set(types)).sort(),
  } as const;
  return {
    exportSessions: route({
      ...shared,
      path: "/api/export",
      name: "exportSessions",
      summary:
        "Export sessions in the formats of evaluation tools. Each answer is a complete document; X-Export-Cursor, if present, requests the next one.",
    }),
    exportEvals: route({
      ...shared,
      path: "/api/export/evals",
      name: "exportEvals",
      summary: "Alias of `/api/export` for older clients",
    }),
  };
}

export type ExportQuery<Name extends string> = z.output<ReturnType<typeof exportQuery<Name>>>;
