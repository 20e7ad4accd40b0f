import * as z from "zod";
import { WRAPPED_SHAPES, WRAPPED_THEMES } from "../lib/stats/wrappedSvg";
import { zoneNamed } from "../lib/stats/zones";
import { route } from "./route";
import { byTool, usageSums } from "./usageSums";
import { sessionFilters } from "./sessionFilters";
import { count, dollars, text, time, tokens } from "./units";
import { day } from "./values";

const totals = {
  sessions: count("Number of sessions."),
  ...usageSums,
  durationMs: count("How long the messages took, milliseconds."),
};
const lastActiveAt = time("The latest message");

/** A list of sums, the most tokens first, each with the name that it is for. */
const described = (what: string) => ({ description: `Sums by ${what}, most tokens first.` });

const zone = z
  .string()
  .optional()
  .transform((name, issues): string | undefined => {
    if (name === undefined || name.trim() === "") return undefined;
    const known = zoneNamed(name.trim());
    if (known !== undefined) return known;
    issues.addIssue({ code: "custom", message: "must be a time zone such as Europe/Berlin" });
    return z.NEVER;
  })
  .meta({
    type: "string",
    description:
      "Time zone of the days, such as `Europe/Berlin`. Default: that of your settings, else UTC.",
  });

/**
 * The range of days that statistics are asked for, and the filters of sessions by which days are summed.
 * The others would need every session: they are unknown here.
 */
export const StatsQuery = z.object({
  from: day("First day."),
  to: day("Last day, inclusive."),
  tz: zone,
  source: sessionFilters.source,
  model: sessionFilters.model,
  provider: sessionFilters.provider,
  project: sessionFilters.project,
});

/** Flat totals for older clients, and splits. Splits are lists, because models and projects are free text. */
const StatsAnswer = z.object({
  timeZone: text("Zone of the days and hours below."),
  sessionCount: count("Number of sessions."),
  messageCount: count("Number of messages."),
  promptTokens: tokens("Input"),
  completionTokens: tokens("Output"),
  totalTokens: tokens("All"),
  totalCost: dollars("As reported by the tools"),
  totalDurationMs: count("How long the messages took, milliseconds."),
  modelUsage: z
    .record(
      z.string(),
      z.object({
        tokens: tokens("All"),
        cost: dollars("As reported by the tools"),
        sessions: count("Number of sessions."),
      }),
    )
    .meta({ description: "Sums by model, for older clients; `byModel` has more." }),
  totals: z.object(totals).meta({ description: "Sums over the whole range." }),
  byModel: z
    .array(z.object({ model: text("The model."), ...totals, lastActiveAt }))
    .meta(described("model")),
  byProvider: z
    .array(z.object({ provider: text("The provider."), ...totals, lastActiveAt }))
    .meta(described("provider")),
  bySource: z
    .array(z.object({ source: text("The tool."), ...totals, lastActiveAt }))
    .meta(described("source")),
  byProject: z
    .array(z.object({ project: text("The project's name."), ...totals, lastActiveAt }))
    .meta(described("project")),
  byTool: byTool.meta({
    description: "Calls of tools, and results of them that report an error; most calls first.",
  }),
  byDay: z
    .array(z.object({ date: text("The day, `YYYY-MM-DD`."), ...totals }))
    .meta({ description: "Sums by day, oldest first." }),
  byHour: z
    .array(z.object({ hour: count("The hour of the day, 0–23."), ...totals }))
    .meta({ description: "Sums by hour of the day." }),
});

export type StatsAnswer = z.output<typeof StatsAnswer>;

export const getStats = route({
  method: "GET",
  path: "/api/stats",
  name: "getStats",
  summary: "Get totals by model, provider, source, project, day and hour, and calls by tool",
  access: "caller",
  limit: "read",
  query: StatsQuery,
  answer: StatsAnswer,
});

const PICTURE_HEADERS = {
  "Content-Security-Policy": "The picture may load nothing.",
  "X-Content-Type-Options": "`nosniff`.",
};

/** How a picture looks. */
export const WrappedLookQuery = z.object({
  theme: z
    .enum(WRAPPED_THEMES, { error: "must be light, dark or auto" })
    .default("auto")
    .meta({ description: "Colours; `auto` follows the reader's system." }),
  shape: z
    .enum(WRAPPED_SHAPES, { error: "must be landscape or portrait" })
    .default("landscape")
    .meta({ description: "1200 × 630 pixels, as link previews have, or 720 × 1280." }),
});

export const getWrapped = route({
  method: "GET",
  path: "/api/wrapped/:date",
  name: "getWrapped",
  summary: "Get a day as a picture: `2026-11-22.svg`, `today.svg` or `yesterday.svg`",
  access: "caller",
  limit: "read",
  query: WrappedLookQuery.extend({ tz: zone }),
  param: "A day and `.svg`: `2026-11-22.svg`, `today.svg` or `yesterday.svg`.",
  headers: PICTURE_HEADERS,
  produces: { "image/svg+xml": {} },
});
