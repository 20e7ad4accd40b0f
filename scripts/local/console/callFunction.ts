import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { convexToJson, type JSONValue } from "convex/values";
import { startEngine } from "../engine.ts";
import { StartError } from "../failures.ts";
import { askRunningServer } from "../http/admin.ts";
import { parseJson, type JsonObject } from "../values/json.ts";
import { DEFAULT_DATA, readDataFile } from "./options.ts";

const PROJECT = fileURLToPath(new URL("../../../convex", import.meta.url));

/**
 * Runs any function, including internal ones, on the data file of `--data`: through the server that has it
 * open, or by opening it here. Functions that it schedules run only while a server runs.
 */
export async function callFunction(
  data: string,
  path: string,
  args: JsonObject,
): Promise<JSONValue> {
  const file = readDataFile(data);
  // Does not create a file, because no server would use it.
  if (!existsSync(file))
    throw new StartError(
      `No database at ${file}: start it with npm start${data === DEFAULT_DATA ? "" : ` -- --data ${data}`}.`,
    );
  const answer = await askRunningServer(file, path, args);
  if (answer !== null) return parseJson(answer);
  const engine = await startEngine({
    functions: PROJECT,
    data: file,
    embeddings: false,
    schedule: false,
  });
  try {
    return convexToJson(await engine.runFunction(path, args));
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error));
  } finally {
    await engine.stop();
  }
}
