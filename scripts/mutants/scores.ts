/** Whether the tests noticed one change. */
export type Outcome = { area: string; what: string; isKilled: boolean };

/** Prints the share of changes that tests noticed, by area, and the changes that survived. */
export function printScores(outcomes: readonly Outcome[]): void {
  const areas = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    areas.set(outcome.area, [...(areas.get(outcome.area) ?? []), outcome]);
  }
  console.log("\narea            killed");
  for (const [area, all] of areas) {
    const killed = all.filter(({ isKilled }) => isKilled).length;
    const share = ((100 * killed) / all.length).toFixed(0);
    console.log(`${area.padEnd(14)} ${killed} of ${all.length} (${share} %)`);
  }
  const survivors = outcomes.filter(({ isKilled }) => !isKilled);
  if (survivors.length > 0) console.log("\nSurvived:");
  for (const { what } of survivors) console.log(`  ${what}`);
}
