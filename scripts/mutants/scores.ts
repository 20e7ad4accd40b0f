/** Whether the tests noticed one change: one failed, or did not end with it, or none did. */
export type Outcome = { area: string; what: string; end: "killed" | "timeout" | "survived" };

/** Prints the share of changes that tests noticed, by area, and the changes that survived. */
export function printScores(outcomes: readonly Outcome[]): void {
  const areas = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    areas.set(outcome.area, [...(areas.get(outcome.area) ?? []), outcome]);
  }
  console.log("\narea           noticed, of those that were tried");
  for (const [area, all] of areas) {
    const ended = (how: Outcome["end"]) => all.filter(({ end }) => end === how).length;
    const noticed = all.length - ended("survived");
    const share = ((100 * noticed) / all.length).toFixed(0);
    const late = ended("timeout") === 0 ? "" : `, ${ended("timeout")} by a time-out`;
    console.log(`${area.padEnd(14)} ${noticed} of ${all.length} (${share} %)${late}`);
  }
  const survivors = outcomes.filter(({ end }) => end === "survived");
  if (survivors.length > 0) console.log("\nSurvived:");
  for (const { what } of survivors) console.log(`  ${what}`);
}
