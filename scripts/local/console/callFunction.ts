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
 * Run any function, internal ones too, over the data file that `--data` names: by the server that has
 * it open, or else by opening it here. What the function schedules runs while a server does.
 */
export async function callFunction(
  data: string,
  path: string,
  args: JsonObject,
): Promise<JSONValue> {
  const file = readDataFile(data);
  // What is done in a file that no server opens would show nowhere.
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
