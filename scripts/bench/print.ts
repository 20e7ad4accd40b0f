import { MEASURES } from "./budgets.ts";
import { printTable } from "./table.ts";
import type { OperationReport, Report } from "./report.ts";
import { BASIS, FREE_PLAN, type Bill } from "./bill.ts";

/** Prints the report as Markdown tables. */
export function printReport(report: Report): void {
  printOperations(report);
  printMonths(report.months);
  printLoad(report);
}

function printOperations({ operations, scales }: Report): void {
  const history = scales.map((scale) => `${scale}×`).join(", ");
  console.log(`\nOperations: used of allowed, at the smallest history; growth over ${history}\n`);
  printTable(
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

type Amount = keyof typeof FREE_PLAN;

const AMOUNTS: { readonly [what in Amount]: [name: string, show: (amount: number) => string] } = {
  functionCalls: ["function calls", whole],
  storageBytes: ["storage (rows, ordered indexes)", megabytes],
  ioBytes: ["database I/O, index entries included", megabytes],
  searchStorageBytes: ["search storage (text and vector indexes)", megabytes],
  queryGb: ["text searches, query-GB", (amount) => amount.toFixed(1)],
  actionGbHours: ["action compute, GB-hours", (amount) => amount.toFixed(2)],
};

/** Prints the bill of each month as Markdown tables. */
export function printMonths(months: Report["months"]): void {
  for (const { rhythm, embeddings, bill } of months) {
    const requests = rhythm === "dense" ? "without a pause" : "each on its own";
    console.log(
      `\nA month of 300 sessions of 150 messages; requests come ${requests}, ` +
        `${embeddings ? "with" : "without"} embeddings\n`,
    );
    printBill(bill);
  }
}

/** Prints a bill: each amount with the Free plan's amount and its basis, then the tables. */
export function printBill(bill: Bill): void {
  const amounts = (Object.keys(AMOUNTS) as Amount[]).map((what) => {
    const [name, show] = AMOUNTS[what];
    return [name, show(bill[what]), show(FREE_PLAN[what]), BASIS[what]];
  });
  printTable(["amount", "a month", "Free plan", "basis"], amounts);
  console.log(
    `\nStorage as billed: ${megabytes(bill.billedBytes)} (rows and every index). ` +
      `At Starter's prices $${bill.dollarsStarter.toFixed(2)} a month; ` +
      `${whole(bill.embeddingTokens)} tokens embedded; ` +
      `the Free plan's storage is full after ${bill.monthsFree.toFixed(1)} months.\n`,
  );
  printTable(
    ["table", "rows", "bytes once", "copies", "billed"],
    bill.tables.map(({ table: name, rows, bytes, copies, billed }) => [
      name,
      whole(rows),
      megabytes(bytes),
      String(copies),
      megabytes(billed),
    ]),
  );
}

function printLoad({ load }: Report): void {
  console.log("\nLoad on the local engine\n");
  printTable(
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

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function megabytes(bytes: number): string {
  return `${whole(bytes / 1e6)} MB`;
}
