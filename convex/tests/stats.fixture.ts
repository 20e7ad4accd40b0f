import type { Doc } from "../_generated/dataModel";
import { statisticsOf } from "../lib/stats/days";
import type { LedgerRow } from "../lib/stats/ledger";
import { UTC, Zone } from "../lib/stats/zones";

/** The rows of a stored day, its quarter hours summed. */
export function rowsOfDay({ date, stats }: Doc<"dailyWrapped">): LedgerRow[] {
  const day = { date, grains: stats.grains ?? [], whole: stats.rows ?? [] };
  return statisticsOf([day], {}, { zone: new Zone(UTC) }).rows;
}
