import { existsSync } from "node:fs";
import { join } from "node:path";
import { unreadable } from "./files.ts";
import type { Places, Tool, History } from "./rows.ts";
import { NOT_YET } from "./tools/index.ts";

/** What there is to import. */

export type Found = { tool: Tool; histories: History[] };

/** Histories of a tool below its own places, or below the paths that the user named. */
export async function discover(
  tool: Tool,
  places: Places,
  paths: readonly string[],
): Promise<Found> {
  const histories = new Map<string, History>();
  const roots = paths.length > 0 ? paths : tool.places(places);
  for (const root of roots) {
    const add = (history: History) => {
      if (!histories.has(history.key)) histories.set(history.key, history);
    };
    try {
      const found = tool.histories(root, {
        ...places,
        isNamed: paths.length > 0,
        onUnreadable: (path, error) => {
          add(unreadable(path, error));
        },
      });
      for await (const history of found) add(history);
    } catch (error) {
      // What one tool left behind must not keep those of the others from being imported.
      add(unreadable(root, error));
    }
  }
  return { tool, histories: Array.from(histories.values()) };
}

/** Tools that keep something here which cannot be imported yet, with its path. */
export function notSupported({ home }: Places): { label: string; path: string }[] {
  return NOT_YET.flatMap(({ label, paths }) => {
    const path = paths.map((one) => join(home, one)).find((one) => existsSync(one));
    return path === undefined ? [] : [{ label, path }];
  });
}
