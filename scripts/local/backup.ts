import { backUp } from "./console/backUp.ts";
import { readArguments, runCommand } from "./console/commandLine.ts";
import { DEFAULT_DATA } from "./console/options.ts";
import { UsageError } from "./failures.ts";

const USAGE = `npm run backup -- <to> [options]
  <to>           file that the copy is written to; it must not be there yet
  --data <file>  data file (default ${DEFAULT_DATA})

Copies everything while the server runs, or while it does not. Start from a copy with
npm start -- --data <to>.`;

async function main(args: string[]): Promise<void> {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: { data: { type: "string", default: DEFAULT_DATA } },
  });
  const [to, ...more] = positionals;
  if (to === undefined || to === "" || more.length > 0)
    throw new UsageError("Name the file to write: npm run backup -- copy.sqlite3");
  console.log(await backUp(values.data, to));
}

await runCommand(USAGE, main);
