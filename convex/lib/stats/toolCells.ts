import { OTHER } from "./ledger";
import { packCount, packName, type ToolCount, unpackCount, unpackName } from "./tools";

/** Tool cells: calls and errors by tool and quarter hour of a UTC day, stored next to a row's cells. Pure. */

/** Counts by tool and quarter hour (0–95). */
export type ToolCells = Map<string, Map<number, ToolCount>>;

/** Adds a count in place; removes what becomes zero. */
export function addTool(
  cells: ToolCells,
  { tool, quarter }: { tool: string; quarter: number },
  { calls, errors }: ToolCount,
  sign: 1 | -1,
): void {
  const quarters = cells.get(tool) ?? new Map<number, ToolCount>();
  const known = quarters.get(quarter) ?? { calls: 0, errors: 0 };
  const count = { calls: known.calls + sign * calls, errors: known.errors + sign * errors };
  if (count.calls === 0 && count.errors === 0) quarters.delete(quarter);
  else quarters.set(quarter, count);
  if (quarters.size === 0) cells.delete(tool);
  else cells.set(tool, quarters);
}

/** Adds a count to the total of its tool. */
export function addCount(
  totals: Map<string, ToolCount>,
  tool: string,
  { calls, errors }: ToolCount,
): void {
  const known = totals.get(tool) ?? { calls: 0, errors: 0 };
  totals.set(tool, { calls: known.calls + calls, errors: known.errors + errors });
}

/** Adds `from` to `to`, or subtracts it. */
export function addToolCells(to: ToolCells, from: ToolCells, sign: 1 | -1): void {
  for (const [tool, quarters] of from) {
    for (const [quarter, count] of quarters) addTool(to, { tool, quarter }, count, sign);
  }
}

/** Sums all tools as `(other)`. */
export function mergedTools(cells: ToolCells): ToolCells {
  const merged: ToolCells = new Map();
  for (const quarters of cells.values()) {
    for (const [quarter, count] of quarters) addTool(merged, { tool: OTHER, quarter }, count, 1);
  }
  return merged;
}

/** Serialises cells as `tool,quarter:calls:errors,…;…` in base 36; undefined if there are none. */
export function packToolCells(cells: ToolCells): string | undefined {
  if (cells.size === 0) return undefined;
  const tools = Array.from(cells, ([tool, quarters]) => {
    const counts = Array.from(quarters)
      .sort(([a], [b]) => a - b)
      .map(([quarter, count]) => `${quarter.toString(36)}:${packCount(count)}`);
    return [packName(tool), ...counts].join(",");
  });
  return tools.sort().join(";");
}

/** Reads the output of `packToolCells`. */
export function unpackToolCells(text: string | undefined): ToolCells {
  const cells: ToolCells = new Map();
  for (const packed of text?.split(";") ?? []) {
    const [name = "", ...counts] = packed.split(",");
    const quarters = counts.map((one) => {
      const [quarter = "0", ...numbers] = one.split(":");
      return [parseInt(quarter, 36), unpackCount(numbers)] as const;
    });
    cells.set(unpackName(name), new Map(quarters));
  }
  return cells;
}

/** Calls and errors of one tool over a range. */
export type ToolSplit = { tool: string } & ToolCount;

/** The most tools of a split; the others are summed as `(other)`. */
const SPLIT_MAX = 1_000;

/** Counts by tool, ordered by calls, then errors, then name. */
export function splitByTool(counts: ReadonlyMap<string, ToolCount>): ToolSplit[] {
  const all = Array.from(counts, ([tool, count]) => ({ tool, ...count })).sort(
    (a, b) => b.calls - a.calls || b.errors - a.errors || (a.tool < b.tool ? -1 : 1),
  );
  if (all.length <= SPLIT_MAX) return all;
  const shown = all.filter(({ tool }) => tool !== OTHER).slice(0, SPLIT_MAX - 1);
  const isShown = new Set(shown);
  const other = { tool: OTHER, calls: 0, errors: 0 };
  for (const one of all.filter((split) => !isShown.has(split))) {
    other.calls += one.calls;
    other.errors += one.errors;
  }
  return [...shown, other];
}
