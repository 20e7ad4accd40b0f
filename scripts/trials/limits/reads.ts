import type { TestEngine } from "../../local/testing.ts";

/** Every way to read a session back, HTTP and dashboard. */

interface Step {
  name: string;
  run: () => Promise<string | null>;
}

const FORMATS = [
  "deepeval",
  "openai",
  "promptfoo",
  "text",
  "markdown",
  "json",
  "jsonl",
  "csv",
  "filesystem",
];
/** Pages of one session that a trial reads. */
const PAGES_MAX = 400;

/** The steps that read this session of the user; `engine` may be another one after a restart. */
export function readEverything(
  engine: () => TestEngine,
  { key, userId }: { key: string; userId: string },
  session: string,
): Step[] {
  const id = encodeURIComponent(session);
  const get = (name: string, path: string): Step => ({
    name,
    run: async () => {
      const answer = await engine().request(path, { key });
      await answer.arrayBuffer();
      return answer.status === 200 ? null : `${answer.status}`;
    },
  });
  return [
    pages("pages of messages", async (cursor) => {
      const at = cursor ? `&messages_cursor=${cursor}` : "";
      const answer = await engine().request(`/api/sessions/${id}?messages_limit=200${at}`, { key });
      const body = (await answer.json()) as { messagesCursor?: string | null };
      return { status: answer.status, cursor: body.messagesCursor ?? undefined };
    }),
    ...FORMATS.map((format) =>
      pages(`export as ${format}`, async (cursor) => {
        const at = cursor ? `&cursor=${cursor}` : "";
        const answer = await engine().request(`/api/export?id=${id}&format=${format}${at}`, {
          key,
        });
        await answer.arrayBuffer();
        return {
          status: answer.status,
          cursor: answer.headers.get("X-Export-Cursor") ?? undefined,
        };
      }),
    ),
    pages("anonymised export", async (cursor) => {
      const at = cursor ? `&cursor=${cursor}` : "";
      const path = `/api/export?id=${id}&format=json&anonymize=true${at}`;
      const answer = await engine().request(path, { key });
      await answer.arrayBuffer();
      return { status: answer.status, cursor: answer.headers.get("X-Export-Cursor") ?? undefined };
    }),
    get("context", "/api/context?q=word1%20message%20lorem"),
    get("search", "/api/search?q=word1%20message%20lorem&type=fulltext&limit=50"),
    get("stats", "/api/stats"),
    get("list", "/api/sessions?limit=200"),
    get("list of external ids", "/sync/sessions/list"),
    sharedPage(engine, key, id),
    get("session again", `/api/sessions/${id}?messages_limit=1&user=${userId}`),
  ];
}

function pages(
  name: string,
  readPage: (cursor: string | undefined) => Promise<{ status: number; cursor?: string }>,
): Step {
  return {
    name,
    run: async () => {
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page++) {
        const found = await readPage(cursor);
        if (found.status !== 200) return `${found.status} on page ${page + 1}`;
        if (found.cursor === undefined) return null;
        if (found.cursor === cursor) return `the cursor stays where it was on page ${page + 1}`;
        cursor = found.cursor;
      }
      return `more than ${PAGES_MAX} pages`;
    },
  };
}

/** Shares the session and reads it as a stranger. */
function sharedPage(engine: () => TestEngine, key: string, id: string): Step {
  return {
    name: "shared page",
    run: async () => {
      const share = await engine().request(`/api/sessions/${id}`, {
        method: "PATCH",
        key,
        json: { isPublic: true },
      });
      const { publicSlug } = (await share.json()) as { publicSlug?: string };
      for (const end of ["", ".md", ".json"]) {
        const answer = await engine().request(`/s/${publicSlug ?? ""}${end}`);
        await answer.arrayBuffer();
        if (answer.status !== 200) return `${end} ${answer.status}`;
      }
      const found = await engine().runFunction("sessions:getPublic", { slug: publicSlug ?? "" });
      return found === null ? "sessions:getPublic found nothing" : null;
    },
  };
}
