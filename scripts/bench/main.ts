import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { readArguments, runCommand, wholeNumber } from "../local/console/commandLine.ts";
import { operations } from "./operations.ts";
import { printMonths, printReport } from "./print.ts";
import { bench, measureMonths, measureOperations } from "./report.ts";

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
    const { only } = values;
    const named = operations.filter(({ name }) => name.includes(only));
    if (named.length === 0) throw new Error(`No operation is named like "${only}"`);
    const reports = await measureOperations(numbers("--scales", values.scales), named, false);
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

await runCommand(USAGE, main);
