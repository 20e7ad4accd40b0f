import { MEASURES } from "./budgets.ts";
import type { OperationReport, Report } from "./main.ts";
import { FREE_PLAN } from "./month.ts";

/** The report as tables in Markdown, so that they can be copied into the README. */
export function printReport(report: Report): void {
  printOperations(report);
  printMonths(report);
  printLoad(report);
}

function printOperations({ operations, scales }: Report): void {
  const history = scales.map((scale) => `${scale}×`).join(", ");
  console.log(`\nOperations: used of allowed, at the smallest history; growth over ${history}\n`);
  table(
    [
      "operation",
      "function calls",
      "documents read",
      "bytes read",
      "bytes written beyond payload",
      "steepest growth",
      "held",
    ],
    operations.map(operationRow),
  );
}

function printMonths({ months }: Report): void {
  console.log("\nA month of 300 sessions of 150 messages\n");
  table(
    [
      "requests come",
      "embeddings",
      "function calls",
      "database I/O",
      "storage (rows, indexes)",
      "search storage",
      "tokens embedded",
      "such developers in the Free plan",
      "months until its storage is full",
      "at Starter's prices",
    ],
    months.map(({ rhythm, embeddings, month }) => [
      rhythm === "dense" ? "without a pause" : "each on its own",
      embeddings ? "yes" : "no",
      whole(month.functionCalls),
      megabytes(month.ioBytes),
      megabytes(month.storageBytes),
      megabytes(month.searchBytes),
      whole(month.embeddingTokens),
      month.developersFree.toFixed(1),
      month.monthsFree.toFixed(1),
      `$${month.dollarsStarter.toFixed(2)}`,
    ]),
  );
  const { functionCalls, ioBytes, storageBytes, searchBytes } = FREE_PLAN;
  console.log(
    `\nFree plan: ${whole(functionCalls)} calls and ${megabytes(ioBytes)} of database I/O a month, ` +
      `${megabytes(storageBytes)} of storage, ${megabytes(searchBytes)} of search storage.`,
  );
}

function printLoad({ load }: Report): void {
  console.log("\nLoad on the local engine\n");
  table(
    ["clients", "requests", "requests a second", "median ms", "p95 ms"],
    load.loads.map(({ clients, requests, requestsPerSecond, medianMs, p95Ms }) => [
      String(clients),
      whole(requests),
      requestsPerSecond.toFixed(0),
      medianMs.toFixed(1),
      p95Ms.toFixed(1),
    ]),
  );
  if (load.peakMemoryMb !== null) console.log(`\nPeak memory: ${load.peakMemoryMb.toFixed(0)} MB`);
}

function operationRow({ name, smallest, lines, slopes, isHeld }: OperationReport): string[] {
  const { functionCalls, documentsRead, bytesRead } = smallest.cost;
  const { bytesWrittenBeyondPayload } = smallest;
  const used = { functionCalls, documentsRead, bytesRead, bytesWrittenBeyondPayload };
  const cells = MEASURES.map((what) => {
    const allowed = lines?.find((line) => line.what === what)?.allowed;
    return allowed === undefined ? whole(used[what]) : `${whole(used[what])} of ${whole(allowed)}`;
  });
  const steepest = Object.values(slopes).reduce(
    (most, exponent) => (Math.abs(exponent) > Math.abs(most) ? exponent : most),
    0,
  );
  return [name, ...cells, steepest.toFixed(3), isHeld === null ? "–" : isHeld ? "yes" : "NO"];
}

function table(head: string[], rows: string[][]): void {
  const widths = head.map((cell, i) =>
    Math.max(cell.length, ...rows.map((row) => (row[i] ?? "").length)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  console.log(line(head));
  console.log(line(widths.map((width) => "-".repeat(width))));
  for (const row of rows) console.log(line(row));
}

const whole = (value: number) => Math.round(value).toLocaleString("en-US");
const megabytes = (bytes: number) => `${whole(bytes / 1e6)} MB`;
