import * as z from "zod";
import { zoneNamed } from "../lib/stats/zones";
import { route } from "./route";
import { byTool, usageSums } from "./usageSums";
import { sessionFilters } from "./sessionFilters";
import { day } from "./values";

const count = z.number();

const totals = { sessions: count, ...usageSums, durationMs: count };

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
  from: day("First day, as `YYYY-MM-DD` or a time."),
  to: day("Last day, inclusive."),
  tz: zone,
  source: sessionFilters.source,
  model: sessionFilters.model,
  provider: sessionFilters.provider,
  project: sessionFilters.project,
});

/** Flat totals under the names of older clients, and splits as lists, because names are free text. */
const StatsAnswer = z.object({
  timeZone: z.string().meta({ description: "Zone of the days and hours below." }),
  sessionCount: count,
  messageCount: count,
  promptTokens: count,
  completionTokens: count,
  totalTokens: count,
  totalCost: count,
  totalDurationMs: count,
  modelUsage: z.record(z.string(), z.object({ tokens: count, cost: count, sessions: count })),
  totals: z.object(totals),
  byModel: z.array(z.object({ model: z.string(), ...totals, lastActiveAt: count })),
  byProvider: z.array(z.object({ provider: z.string(), ...totals, lastActiveAt: count })),
  bySource: z.array(z.object({ source: z.string(), ...totals, lastActiveAt: count })),
  byProject: z.array(z.object({ project: z.string(), ...totals, lastActiveAt: count })),
  byTool: byTool.meta({
    description: "Calls of tools, and results of them that report an error; most calls first.",
  }),
  byDay: z.array(z.object({ date: z.string(), ...totals })),
  byHour: z.array(z.object({ hour: z.number().meta({ description: "0–23." }), ...totals })),
});

export type StatsAnswer = z.output<typeof StatsAnswer>;

export const getStats = route({
  method: "GET",
  path: "/api/stats",
  name: "getStats",
  summary: "Get totals by model, provider, source, project, tool, day and hour",
  access: "caller",
  limit: "read",
  query: StatsQuery,
  answer: StatsAnswer,
});

export const getWrapped = route({
  method: "GET",
  path: "/api/wrapped/:date",
  name: "getWrapped",
  summary: "Get a day as a picture: `2026-11-22.svg`, `today.svg` or `yesterday.svg`",
  access: "caller",
  limit: "read",
  query: z.object({
    tz: zone,
    theme: z
      .enum(["light", "dark", "auto"], { error: "must be light, dark or auto" })
      .default("auto")
      .meta({ description: "Colours; `auto` follows the reader's system." }),
  }),
  produces: ["image/svg+xml"],
});
