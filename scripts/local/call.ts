import type { JSONValue } from "convex/values";
import { callFunction } from "./console/callFunction.ts";
import { readArguments, runCommand } from "./console/commandLine.ts";
import { DEFAULT_DATA } from "./console/options.ts";
import { listFunctions } from "./console/listFunctions.ts";
import { StartError, UsageError } from "./failures.ts";
import { parseJson, type JsonObject } from "./values/json.ts";

const EXAMPLE = `npm run call -- users:remove '{"email":"someone@example.com","scope":"data"}'`;

const USAGE = `npm run call -- <function> [arguments] [--data <file>]
  <function>    any function of convex/, internal ones too, as <file>:<name>
  [arguments]   one JSON object (default {})
  --data <file> data file of the server (default ${DEFAULT_DATA}), running or not

As npx convex run does on a deployment, for example
  ${EXAMPLE}
What a function schedules runs while the server does.`;

async function main(args: string[]): Promise<void> {
  const { positionals, values } = readArguments({
    args,
    allowPositionals: true,
    options: { data: { type: "string", default: DEFAULT_DATA } },
  });
  const [path, json = "{}"] = positionals;
  if (path === undefined || positionals.length > 2)
    throw new UsageError(`Name the function to call: ${EXAMPLE}`);
  const result = await callFunction(values.data, path, readJsonObject(json)).catch(
    async (error: unknown) => {
      throw await withFunctions(error, path);
    },
  );
  console.log(JSON.stringify(result, null, 2));
}

/** Adds a list of the existing functions to an error about a missing one. */
async function withFunctions(error: unknown, path: string): Promise<unknown> {
  if (!(error instanceof Error) || !error.message.includes("Could not find")) return error;
  const known = await listFunctions();
  const file = `${path.split(":")[0] ?? ""}:`;
  const near = known.filter((name) => name.startsWith(file));
  const shown = (near.length > 0 ? near : known).join("\n  ");
  return new StartError(`There is no function ${path}. Available functions:\n  ${shown}`);
}

function readJsonObject(text: string): JsonObject {
  const value = parsed(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(`${text} is not a JSON object: ${EXAMPLE}`);
}

/** Parses JSON text; returns null if it is invalid. */
function parsed(text: string): JSONValue {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

await runCommand(USAGE, main);
