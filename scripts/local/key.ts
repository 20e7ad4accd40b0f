import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { apiKeyOf, createKey } from "./console/ownerKey.ts";
import { startEngine } from "./engine.ts";
import { askRunningServer } from "./http/admin.ts";
import { StartError } from "./store/database.ts";
import { parseJson } from "./values/json.ts";

const PROJECT = fileURLToPath(new URL("../../convex", import.meta.url));
const DEFAULT_DATA = ".opensync/local.sqlite3";

async function main(): Promise<void> {
  const { email, data } = parseArgs({
    options: { email: { type: "string" }, data: { type: "string", default: DEFAULT_DATA } },
  }).values;
  if (email === undefined || !/^[^@\s]+@[^@\s]+$/.test(email))
    throw new StartError("Say whose key it is: npm run key -- --email someone@example.com");
  const file = resolve(data);
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

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
