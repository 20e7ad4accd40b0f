import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openedDatabase } from "../../database.ts";
import { isJsonObject, type JsonObject, parsedObject, textIn } from "../../json.ts";

/** Titles that are kept beside the rollouts: older releases in a file, newer ones in a database. */
export class Titles {
  readonly #indexes = new Map<string, Promise<Map<string, string>>>();

  async of(path: string, id: string): Promise<string | undefined> {
    const root = /^(.*)[\\/](?:sessions|archived_sessions)[\\/]/.exec(path)?.[1];
    if (root === undefined) return undefined;
    const index = this.#indexes.get(root) ?? titlesIn(join(root, "session_index.jsonl"));
    this.#indexes.set(root, index);
    return (await index).get(id) ?? titleIn(join(root, "state_5.sqlite"), id);
  }
}

/** The title of a session in the database; undefined where it is only the first prompt. */
function titleIn(path: string, id: string): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const { db } = openedDatabase(path);
    const row: unknown = db.prepare("SELECT * FROM threads WHERE id = ?").get(id);
    const thread = isJsonObject(row) ? row : {};
    const title = textIn(thread, "title");
    return title === textIn(thread, "first_user_message") ? undefined : title;
  } catch {
    // A title is no reason to leave a session out.
    return undefined;
  }
}

async function titlesIn(path: string): Promise<Map<string, string>> {
  const titles = new Map<string, string>();
  try {
    for await (const value of objectsOf(path, () => true)) {
      const [id, name] = [textIn(value, "id"), textIn(value, "thread_name")];
      if (id !== undefined && name !== undefined) titles.set(id, name);
    }
  } catch {
    // Newer releases write none.
  }
  return titles;
}

/** The lines of a file that `accepts` takes, parsed. */
export async function* objectsOf(
  path: string,
  accepts: (line: string) => boolean,
): AsyncGenerator<JsonObject> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  for await (const line of lines) {
    const value = accepts(line) ? parsedObject(line) : undefined;
    if (value !== undefined) yield value;
  }
}
