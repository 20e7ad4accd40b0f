import { callFunction } from "./console/callFunction.ts";
import { readArguments, runCommand } from "./console/commandLine.ts";
import { DEFAULT_DATA } from "./console/options.ts";
import { apiKeyOf } from "./console/ownerKey.ts";
import { UsageError } from "./failures.ts";

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
  console.log(apiKeyOf(await callFunction(data, "users:createWithApiKey", { email })));
}

await runCommand(USAGE, main);
