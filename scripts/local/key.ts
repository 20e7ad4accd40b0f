import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readArguments, runCommand } from "./console/commandLine.ts";
import { DEFAULT_DATA, readDataFile } from "./console/options.ts";
import { apiKeyOf, createKey } from "./console/ownerKey.ts";
import { startEngine } from "./engine.ts";
import { StartError, UsageError } from "./failures.ts";
import { askRunningServer } from "./http/admin.ts";
import { parseJson } from "./values/json.ts";

const PROJECT = fileURLToPath(new URL("../../convex", import.meta.url));

const USAGE = `npm run key -- --email <address> [--data <file>]
  --email <address> whose key it is: a new user is made, one that exists gets a new key
  --data <file>     data file of the server (default ${DEFAULT_DATA}), running or not`;

async function main(args: string[]): Promise<void> {
  const { email, data } = readArguments({
    args,
    options: { email: { type: "string" }, data: { type: "string", default: DEFAULT_DATA } },
  }).values;
  if (email === undefined || !/^[^@\s]+@[^@\s]+$/.test(email))
    throw new UsageError("Say whose key it is: npm run key -- --email someone@example.com");
  const file = readDataFile(data);
  // A key in a file that no server opens would work nowhere.
  if (!existsSync(file))
    throw new StartError(
      `No database at ${file}: start it with npm start${data === DEFAULT_DATA ? "" : ` -- --data ${data}`}.`,
    );
  // A running server has the file to itself, so it is asked; otherwise the file is opened here.
  const answer = await askRunningServer(file, "users:createWithApiKey", { email });
  if (answer !== null) {
    console.log(apiKeyOf(parseJson(answer)));
    return;
  }
  const engine = await startEngine({
    functions: PROJECT,
    data: file,
    embeddings: false,
    schedule: false,
  });
  console.log(await createKey(engine, email).finally(() => engine.stop()));
}

await runCommand(USAGE, main);
