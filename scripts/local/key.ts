import { callFunction } from "./console/callFunction.ts";
import { readArguments, runCommand } from "./console/commandLine.ts";
import { DEFAULT_DATA } from "./console/options.ts";
import { apiKeyOf, OWNER } from "./console/ownerKey.ts";
import { UsageError } from "./failures.ts";

const USAGE = `npm run key -- --email <address> [--name <name>] [--replace] [--data <file>]
npm run key -- --list [--email <address>] [--data <file>]
  --email <address> whose key it is (npm start's own is ${OWNER}): a user is made where there is none
  --name <name>     what the key is called in lists, as the machine it is for
  --replace         replace the user's first key, which stops working at once; else a key is added
  --list            list the keys that work: owner, beginning, name, when made and last used
  --data <file>     data file of the server (default ${DEFAULT_DATA}), running or not`;

const options = {
  email: { type: "string" },
  name: { type: "string" },
  replace: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  data: { type: "string", default: DEFAULT_DATA },
} as const;

async function main(args: string[]): Promise<void> {
  const { email, name, replace, list, data } = readArguments({ args, options }).values;
  if (list) {
    console.log(keyList(await callFunction(data, "users:listKeys", email ? { email } : {})));
    return;
  }
  if (email === undefined || !/^[^@\s]+@[^@\s]+$/.test(email))
    throw new UsageError("Name the user of the key: npm run key -- --email someone@example.com");
  const made = await callFunction(data, "users:createWithApiKey", {
    ...{ email, add: !replace },
    ...(name === undefined ? {} : { name }),
  });
  console.log(apiKeyOf(made));
  // Scripts read the key from standard output; people also see on standard error whose key it is.
  if (!process.stdout.isTTY) return;
  const what = replace ? "It replaces the first key of" : "It is an additional key of";
  console.error(`${what} ${email}; npm run key -- --list shows all.`);
}

type ListedKey = { prefix: string; name?: string; createdAt: number; lastUsedAt?: number };
type ListedUser = { email?: string; keys: ListedKey[] };

/** Formats keys, one per line. */
function keyList(listed: unknown): string {
  const lines = (listed as ListedUser[]).flatMap(({ email = "(no address)", keys }) =>
    keys.map(({ prefix, name = "", createdAt, lastUsedAt }) => {
      const used = lastUsedAt === undefined ? "never used" : `last used ${day(lastUsedAt)}`;
      return [email, `${prefix}…`, `made ${day(createdAt)}`, used, name].join("  ").trimEnd();
    }),
  );
  return lines.length === 0 ? "There is no key." : lines.join("\n");
}

const day = (at: number) => new Date(at).toISOString().slice(0, 10);

await runCommand(USAGE, main);
