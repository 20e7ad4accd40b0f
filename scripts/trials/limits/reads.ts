import { formats } from "../../../convex/exports/index.ts";
import { readDashboard } from "./dashboardReads.ts";
import { readByAgent, readPages } from "./pageReads.ts";
import { bodyOf, inPages, QUERY, type Reader, type Step } from "./steps.ts";

/** Every way to read a session back: HTTP API, pages for people, MCP, and the dashboard's functions. */

/** The steps that read this session of the user. */
export function readEverything(reader: Reader, session: string): Step[] {
  const id = encodeURIComponent(session);
  return [
    inPages("pages of messages", async (cursor) => {
      const at = cursor ? `&messages_cursor=${cursor}` : "";
      const answer = await get(reader, `/api/sessions/${id}?messages_limit=200${at}`);
      const body = (await answer.json()) as { messagesCursor?: string | null };
      return { status: answer.status, cursor: body.messagesCursor ?? undefined };
    }),
    { name: "a message by its id", run: async () => await readMessage(reader, session) },
    ...exports(reader, id),
    ...[
      `/api/context?q=${encodeURIComponent(QUERY)}`,
      `/api/search?q=${encodeURIComponent(QUERY)}&type=fulltext&limit=50`,
      `/api/files?path=${encodeURIComponent("word1.ts")}`,
      "/api/stats",
      "/api/sessions?limit=200",
      "/sync/sessions/list",
    ].map((path) => whole(path.replace(/\?.*/, ""), reader, path)),
    ...sharing(reader, id),
    ...readPages(reader, session),
    ...readByAgent(reader, session),
    ...readDashboard(reader, session),
  ];
}

/** Reads the first message of a session by the id that search results have. */
async function readMessage(reader: Reader, session: string): Promise<string | null> {
  const path = `/api/sessions/${encodeURIComponent(session)}?messages_limit=1`;
  const answer = await get(reader, path);
  const { messages } = (await answer.json()) as { messages: { id: string }[] };
  return await bodyOf(await get(reader, `/api/messages/${messages[0]?.id ?? "none"}`));
}

const get = ({ engine, key }: Reader, path: string) => engine().request(path, { key });

function whole(name: string, reader: Reader, path: string): Step {
  return { name, run: async () => await bodyOf(await get(reader, path)) };
}

/** Every format, and the forms of formats that render in another way. */
const EXPORTS = [
  ...Object.keys(formats),
  "openai&style=chat",
  "openai&style=finetune",
  "deepeval&turns=multi",
  "promptfoo&mode=replay",
  "json&anonymize=true",
  "markdown&anonymize=true",
];

function exports(reader: Reader, id: string): Step[] {
  return EXPORTS.map((format) =>
    inPages(`export ${format}`, async (cursor) => {
      const at = cursor ? `&cursor=${cursor}` : "";
      const answer = await get(reader, `/api/export?id=${id}&format=${format}${at}`);
      await answer.arrayBuffer();
      return { status: answer.status, cursor: answer.headers.get("X-Export-Cursor") ?? undefined };
    }),
  );
}

/** Shares the session, and reads it as a stranger in all forms. */
function sharing(reader: Reader, id: string): Step[] {
  const { engine, key } = reader;
  let slug = "";
  const share = async () => {
    const edit = { method: "PATCH", key, json: { isPublic: true, evalReady: true } };
    const answer = await engine().request(`/api/sessions/${id}`, edit);
    slug = ((await answer.json()) as { publicSlug?: string }).publicSlug ?? "";
    return slug === "" ? `${answer.status}` : null;
  };
  const shared = (end: string) =>
    inPages(`shared page ${end}`, async (next) => {
      const answer = await engine().request(`/s/${next ?? slug + end}`);
      await answer.arrayBuffer();
      const link = /<([^>]+)>; rel="next"/.exec(answer.headers.get("Link") ?? "");
      return { status: answer.status, cursor: link?.[1] };
    });
  const getPublic = async () => {
    const found = await engine().runFunction("sessions:getPublic", { slug });
    return found === null ? "found nothing" : null;
  };
  return [
    { name: "share", run: share },
    ...["", ".md", ".json"].map(shared),
    { name: "getPublic", run: getPublic },
  ];
}
