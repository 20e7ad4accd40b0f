import * as z from "zod";
import { day, label } from "./fields";
import { route } from "./route";
import { readSource } from "./sources";

const count = z.number();

const totals = {
  sessions: count,
  messages: count,
  promptTokens: count,
  completionTokens: count,
  totalTokens: count,
  cacheReadTokens: count.optional(),
  cacheWriteTokens: count.optional(),
  reasoningTokens: count.optional(),
  cost: count.meta({ description: "US dollars." }),
  durationMs: count,
};

const StatsQuery = z.object({
  from: day("First UTC day, `YYYY-MM-DD` or a time."),
  to: day("Last UTC day."),
  source: label("Only sessions of this tool.").transform(readSource),
});

/** Flat totals under the names of older clients, and splits as lists: names are free text. */
const StatsAnswer = z.object({
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
  byDay: z.array(z.object({ date: z.string(), ...totals })),
});

export const getStats = route({
  method: "GET",
  path: "/api/stats",
  name: "getStats",
  summary: "Totals by model, provider, source, project and UTC day",
  access: "caller",
  limit: "read",
  query: StatsQuery,
  answer: StatsAnswer,
});

export const getWrapped = route({
  method: "GET",
  path: "/api/wrapped/:date",
  name: "getWrapped",
  summary: "A UTC day as a picture: `2026-11-22.svg`, `today.svg` or `yesterday.svg`",
  access: "caller",
  limit: "read",
  query: z.object({
    theme: z
      .enum(["light", "dark", "auto"], { error: "must be light, dark or auto" })
      .default("auto")
      .meta({ description: "Colours; `auto` follows the reader's system." }),
  }),
  produces: ["image/svg+xml"],
});
