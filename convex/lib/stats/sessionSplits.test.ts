import fc from "fast-check";
import { expect, test } from "vitest";
import { DAY_MS, utcDate } from "../time";
import { packCells, QUARTER_MS, QUARTERS_A_DAY } from "./cells";
import { statisticsOf } from "./days";
import { contributionOf, packed, type SessionDay, withBookings } from "./sessionDay";
import { sessionSplits } from "./sessionSplits";
import { splitByTool } from "./toolCells";
import { splitBy, totalsOf } from "./totals";
import { UTC, Zone } from "./zones";

const message = fc.record({
  quarter: fc.nat(QUARTERS_A_DAY - 1),
  model: fc.constantFrom("", "claude-opus-4", "Claude-Opus-4", "gpt-5", "unknown"),
  // Few values, so that models are equal in tokens and are ordered by sessions.
  tokens: fc.constantFrom(0, 1),
  tool: fc.constantFrom("Read", "Bash"),
});
/** The messages of each day, the latest first, as they are read. */
const conversation = fc.array(fc.array(message, { maxLength: 12 }), { maxLength: 4 });

const FIRST_DAY = 20_400;

type Message = { quarter: number; model: string; tokens: number; tool: string };

function dayOf(messages: readonly Message[], n: number): SessionDay {
  const names = { source: "s", project: "p", provider: "", model: "gpt-5" };
  const day = { day: FIRST_DAY - n, ...names, entries: [] };
  const bookings = messages.map(({ quarter, model, tokens, tool }) => ({
    at: day.day * DAY_MS + quarter * QUARTER_MS,
    ...{ provider: "", model, sums: { messages: 1, promptTokens: tokens }, sign: 1 as const },
    tools: new Map([[tool, { calls: 1, errors: tokens % 2 }]]),
  }));
  return withBookings(day, bookings);
}

test("the splits of a session are the statistics of a ledger that has only this session", () => {
  fc.assert(
    fc.property(conversation, (messages) => {
      const days = messages.map(dayOf);
      const ledger = days.map((day) => ({
        date: utcDate(day.day * DAY_MS),
        whole: [],
        grains: Array.from(contributionOf(day).values(), ({ grain, cells, tools }) => ({
          ...grain,
          cells: packCells(cells),
          ...packed(tools),
        })),
      }));
      const whole = statisticsOf(ledger, {}, { zone: new Zone(UTC) });
      const oldestFirst = whole.days.reverse();
      const { byModel, byDay, byTool } = sessionSplits(days);
      const totals = oldestFirst.map(({ date, rows }) => ({ date, ...totalsOf(rows) }));
      expect(totals).toMatchObject(byDay);
      const models = splitBy(whole.rows, "model");
      const shown = models.map(({ key, ...sums }) => ({ model: key || "unknown", ...sums }));
      expect(shown).toMatchObject(byModel.map(({ priceId: _priceId, ...sums }) => sums));
      expect(byTool).toEqual(splitByTool(whole.tools));
    }),
  );
});
