import * as z from "zod";
import { EVAL_STATUSES, MODES, STYLES, TURN_MODES, TURNS } from "../lib/enums";
import { keysOf } from "../lib/record";
import { bound, chosenLabel, chosenList, flag, label, moment, tagList } from "./fields";
import { filterShape, readFilters } from "./fieldShapes";
import { route } from "./route";
import { readSource } from "./sources";

/** One of these words; anything else is the caller's mistake and named as such. */
function word<const Words extends readonly [string, ...string[]]>(words: Words, why: string) {
  return z
    .enum(words, { error: `must be one of ${words.join(", ")}` })
    .optional()
    .meta({
      description: why,
    });
}

/** What declarations need to know of the formats (`exports/index.ts`), which are rendered elsewhere. */
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
      description: "Default: json for one session, jsonl for all, else deepeval.",
    });
}

const ExportParameters = z.object({
  id: chosenLabel("One session, by our id or the plugin's; 404 if it is not yours."),
  sessionIds: chosenList(
    "Sessions by id, with commas between; absent or `all`: all that are ready.",
  ),
  all: flag("Every session of yours, and not only those that are ready for evaluation."),
  status: word(EVAL_STATUSES, "Only sessions judged so."),
  tag: tagList("Only sessions with one of these tags."),
  tags: tagList("The same, as older clients call it."),
  source: label("Only sessions of this tool."),
  tool: label("The same, as older clients call it."),
  ...filterShape(),
  from: moment("Only sessions from this time or day on."),
  to: moment("Only sessions up to this time, or to the end of this day.", "end"),
  date_from: moment("`from`, as older clients call it."),
  date_to: moment("`to`, as older clients call it.", "end"),
  limit: bound("Sessions at most, over all answers.", 1),
  cursor: label("`X-Export-Cursor` of the answer before, to go on with a large export."),
  turns: word(TURNS, "Cases by question, or by conversation."),
  turn_mode: word(["per_turn", "full", "final_only"], "`turns`, as older clients call it."),
  style: word(STYLES, "For `openai`."),
  mode: word(
    MODES,
    "For `promptfoo`: `eval` (default) asks a model, `replay` grades the recorded answers.",
  ),
  bom: flag("For `csv`: whether it begins with a byte order mark, which Excel needs.", true),
  min_tokens: bound("Only sessions of this many tokens or more.", 0),
  include_metadata: flag(
    "Whether cases say which session they come from, its model and tags.",
    true,
  ),
  anonymize: flag("Replace user names, home paths, e-mail addresses, keys and tokens."),
});

/** The parameters of an export, aliases resolved. */
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

/** The endpoints that export sessions in these formats: names and media types follow from the list. */
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
        "Sessions in the formats of evaluation tools. Each answer is a whole document; X-Export-Cursor, where present, leads to the next.",
    }),
    exportEvals: route({
      ...shared,
      path: "/api/export/evals",
      name: "exportEvals",
      summary: "The same, as older clients call it",
    }),
  };
}

export type ExportQuery<Name extends string> = z.output<ReturnType<typeof exportQuery<Name>>>;
