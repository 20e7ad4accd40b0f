import type { TestEngine } from "../../local/testing.ts";

/** One way to read a session; resolves to what was wrong, or null. */
export interface Step {
  name: string;
  run: () => Promise<string | null>;
}

/** Who reads. `engine` may be another one after a restart. */
export interface Reader {
  engine: () => TestEngine;
  key: string;
  userId: string;
  /** A token for the dashboard's functions. */
  token: () => Promise<string>;
}

/** Words that the inputs contain. */
export const QUERY = "word1 message lorem";

/** Pages that one step follows. */
const PAGES_MAX = 400;

/** Reads an answer whole; resolves to its status unless it is 200. */
export async function bodyOf(answer: Response): Promise<string | null> {
  await answer.arrayBuffer();
  return answer.status === 200 ? null : `${answer.status}`;
}

/** A step that follows the pages of an answer to their end. */
export function inPages(
  name: string,
  readPage: (cursor: string | undefined) => Promise<{ status: number; cursor?: string }>,
): Step {
  return {
    name,
    run: async () => {
      let cursor: string | undefined;
      for (let page = 1; page <= PAGES_MAX; page++) {
        const found = await readPage(cursor);
        if (found.status !== 200) return `${found.status} on page ${page}`;
        if (found.cursor === undefined) return null;
        if (found.cursor === cursor) return `the cursor stays where it was on page ${page}`;
        cursor = found.cursor;
      }
      return `more than ${PAGES_MAX} pages`;
    },
  };
}
