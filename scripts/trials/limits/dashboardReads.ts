import { inPages, QUERY, type Reader, type Step } from "./steps.ts";

/** Reads a session through the public functions that the dashboard calls. */

type Answer = { status?: string; value?: unknown; errorMessage?: string };
type Conversation = { messagesCursor?: string | null };

/** A format of each kind; the export over HTTP reads them all. */
const FILE_FORMATS = ["json", "markdown", "csv", "deepeval"];

/** The steps; they find the session's own id first. */
export function readDashboard(reader: Reader, session: string): Step[] {
  const { engine, key } = reader;
  const idOf = async () => {
    const found = await engine().request(`/api/sessions/${encodeURIComponent(session)}`, {
      method: "PATCH",
      key,
      json: { evalReady: true },
    });
    return ((await found.json()) as { id: string }).id;
  };
  const query = (path: string, args: (sessionId: string) => object = () => ({})): Step => ({
    name: path,
    run: async () => {
      const { error } = await call(reader, "query", path, args(await idOf()));
      return error;
    },
  });
  return [
    inPages("sessions:get", async (cursor) => {
      const args = { sessionId: await idOf(), ...(cursor === undefined ? {} : { cursor }) };
      const { value, error } = await call(reader, "query", "sessions:get", args);
      if (error !== null) throw new Error(error);
      return { status: 200, cursor: (value as Conversation).messagesCursor ?? undefined };
    }),
    query("sessions:getMarkdown", (sessionId) => ({ sessionId })),
    query("sessions:exportAllDataCSV"),
    query("search:searchSessionsPaginated", () => ({ query: QUERY })),
    query("search:searchMessagesPaginated", () => ({ query: QUERY })),
    query("search:searchMessagesPaginated", (sessionId) => ({ query: QUERY, sessionId })),
    query("analytics:sessionsWithDetails", () => ({ limit: 100 })),
    query("evals:listEvalSessions"),
    ...FILE_FORMATS.map((format) => ({
      name: `evals:generateEvalExport ${format}`,
      run: async () => {
        const args = { sessionIds: [await idOf()], format, options: { includeToolCalls: true } };
        const { error } = await call(reader, "action", "evals:generateEvalExport", args);
        // A file may be too large for one answer, or have nothing to hold.
        return error === null || /PAYLOAD_TOO_LARGE|NOT_FOUND/.test(error) ? null : error;
      },
    })),
  ];
}

async function call({ engine, token }: Reader, kind: string, path: string, args: object) {
  const answer = await engine().request(`/api/${kind}`, {
    json: { path, args, format: "json" },
    key: await token(),
  });
  const said = (await answer.json()) as Answer;
  const error = said.status === "success" ? null : JSON.stringify(said).slice(0, 300);
  return { value: said.value, error };
}
