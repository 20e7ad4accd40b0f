import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { readArguments, runCommand, wholeNumber } from "../local/console/commandLine.ts";
import type { Operation } from "./cost.ts";
import { operations } from "./operations.ts";
import { printMonths, printReport } from "./print.ts";
import {
  bench,
  embeddedScales,
  measureMonths,
  measureOperations,
  operationsByMeaning,
  type OperationReport,
} from "./report.ts";

const USAGE = `npm run bench -- [--scales 1,4,16,64] [--clients 1,8,32] [--seconds 10] [--out .opensync/bench.json] [--only "part of an operation's name"] [--months]`;

const numbers = (option: string, text: string) =>
  text.split(",").map((one) => wholeNumber(option, one));

async function main(args: string[]): Promise<void> {
  const { values } = readArguments({
    args,
    options: {
      scales: { type: "string", default: "1,4,16,64" },
      clients: { type: "string", default: "1,8,32" },
      seconds: { type: "string", default: "10" },
      out: { type: "string", default: ".opensync/bench.json" },
      only: { type: "string" },
      months: { type: "boolean", default: false },
    },
  });
  if (values.only !== undefined) {
    const reports = await measureNamed(values.only, numbers("--scales", values.scales));
    console.log(JSON.stringify(reports, null, 2));
    return;
  }
  if (values.months) {
    printMonths(await measureMonths());
    return;
  }
  const report = await bench({
    scales: numbers("--scales", values.scales),
    clients: numbers("--clients", values.clients),
    seconds: wholeNumber("--seconds", values.seconds),
  });
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
  printReport(report);
  console.log(`\nAll of it as JSON: ${values.out}`);
  process.exitCode = report.operations.some(({ isHeld }) => isHeld === false) ? 1 : 0;
}

/** Measures the operations whose names contain a text, those that need embeddings at scales that bear it. */
async function measureNamed(only: string, scales: number[]): Promise<OperationReport[]> {
  const named = (list: readonly Operation[]) => list.filter(({ name }) => name.includes(only));
  const [plain, byMeaning] = [named(operations), named(operationsByMeaning)];
  if (plain.length + byMeaning.length === 0)
    throw new Error(`No operation is named like "${only}"`);
  const reports = plain.length === 0 ? [] : await measureOperations(scales, plain, false);
  if (byMeaning.length === 0) return reports;
  return [...reports, ...(await measureOperations(embeddedScales(scales), byMeaning, true))];
}

await runCommand(USAGE, main);
