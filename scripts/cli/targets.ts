import { usageError } from "./failure.ts";
import type { Io } from "./io.ts";
import { lastList } from "./settings.ts";

/** Names sessions: by an id, by its place in the last list (`1`, or `#1` where the shell leaves it), or by `-` (ids on standard input). */

export function sessionId(io: Io, target: string): string {
  const place = /^#?(\d{1,4})\.?$/.exec(target);
  if (place === null) return target;
  const id = lastList(io)[Number(place[1]) - 1];
  if (id !== undefined) return id;
  throw usageError(
    `The last list has no entry ${target}. Run opensync search or opensync ls first.`,
  );
}

/** The sessions that arguments name, each once. */
export async function sessionIds(io: Io, targets: readonly string[]): Promise<string[]> {
  const named: string[] = [];
  for (const target of targets) {
    if (target === "-") named.push(...(await io.stdin()).split(/\s+/).filter((id) => id !== ""));
    else named.push(sessionId(io, target));
  }
  if (named.length === 0)
    throw usageError(
      "Name a session: an id, its number in the last list, or - for ids on standard input.",
    );
  return [...new Set(named)];
}
