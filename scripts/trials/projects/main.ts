import { parseArgs } from "node:util";
import { printTable } from "../../bench/table.ts";
import { playProjects, sumOf } from "./projects.ts";

/**
 * `npm run trial:projects`: days with 2,000 and 10,000 distinct projects. Prints what the functions that keep
 * and read the ledger took at most, as the table in docs/operating.md has it, and fails if a sum is wrong.
 */
const { values } = parseArgs({ options: { projects: { type: "string", multiple: true } } });

const FUNCTIONS = ["sessions:refresh", "wrapped:copyDay", "analytics:stats", "wrapped:picture"];

const count = (value: number) => Math.round(value).toLocaleString("en-US");
const rows: string[][] = [];
const faults: string[] = [];
for (const projects of (values.projects ?? ["2000", "10000"]).map(Number)) {
  const { totals, byProject, statuses, peaks } = await playProjects(projects);
  for (const name of FUNCTIONS) {
    const peak = peaks.find((one) => one.name === name);
    if (peak === undefined) continue;
    const { calls, userMs, documentsRead, bytesRead } = peak;
    rows.push([
      ...[count(projects), `\`${name}\``, count(calls), `${count(userMs)} ms`],
      ...[count(documentsRead), `${count(bytesRead / 1_000)} kB`],
    ]);
  }
  const isWhole =
    totals.sessions === projects && sumOf(byProject, "totalTokens") === totals.totalTokens;
  const isAnswered = statuses.stats === 200 && statuses.wrapped === 200;
  const failed = peaks.filter((peak) => peak.failed > 0).map(({ name }) => name);
  if (isWhole && isAnswered && failed.length === 0) continue;
  faults.push(`✗ ${projects}: ${JSON.stringify({ totals, statuses, failed })}`);
}
printTable(["projects", "function", "calls", "user time", "documents read", "bytes read"], rows);
for (const fault of faults) console.log(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
