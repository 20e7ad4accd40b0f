import { expect, test } from "vitest";
import { MESSAGE_FIELDS, SESSION_FIELDS, type View } from "../lib/sessions/fieldTable";
import { aliasesOf, declared, type Fields, FIELD_FILTERS, namesIn } from "../lib/sessions/fields";
import { NUMBERS } from "../lib/numbers";
import { keysOf, record } from "../lib/record";
import {
  allPages,
  deployment,
  eachTestAt,
  person,
  read,
  rows,
  settle,
  type Person,
} from "../test.setup";
import { api } from "../_generated/api";

/** Sends every field of the field table over HTTP, and reads it wherever it is declared to appear. */

eachTestAt(Date.parse("2026-11-22T12:00:00Z"));

type Row = { [name: string]: unknown };

/** Returns a different value for each field. Prompt and completion tokens add up to the total. */
function sample(fields: Fields): Row {
  const values = record(keysOf(fields), (name) => {
    const at = keysOf(fields).indexOf(name) + 1;
    return declared(fields, name).kind === "label" ? `${name} of ada ${at}` : at * 1_000;
  });
  return { ...values, totalTokens: 3_000 };
}

const SESSION = sample(SESSION_FIELDS);
/** Has the session's numbers, because a session shows the sums over its messages. */
const MESSAGE: Row = { ...sample(MESSAGE_FIELDS), ...record(NUMBERS, (name) => SESSION[name]) };

async function synced(session: Row = SESSION, message: Row = MESSAGE) {
  const t = deployment();
  const ada = await person(t);
  const ids = { sessionExternalId: "s", externalId: "m" };
  await ada.post("/sync/batch", {
    sessions: [{ externalId: "s", source: "tool", ...session }],
    messages: [{ ...ids, role: "user", textContent: "The quick brown fox", ...message }],
  });
  await settle(t);
  return { t, ada };
}

/** Returns the fields of the field table that a row contains. */
function shown(fields: Fields, row: Row | undefined): Row {
  const names = keysOf(fields).filter((name) => row?.[name] !== undefined && row[name] !== null);
  return record(names, (name) => row?.[name]);
}

function expected<T extends Fields>(fields: T, view: View, values: Row): Row {
  return record(namesIn(fields, view), (name) => values[name]);
}

type Answer = { sessions: Row[]; results: Row[]; messages: Row[]; session: Row };

async function exported(ada: Person, query: string) {
  const { sessions } = await read<Answer>(ada.get(`/api/export?format=json&id=s${query}`));
  const session = sessions[0] as Row & { messages: Row[] };
  return { session, message: session.messages[0] };
}

test("every field is stored, and appears in exactly the views it is declared for", async () => {
  const { t, ada } = await synced();
  const list = await read<Answer>(ada.get("/api/sessions"));
  expect(shown(SESSION_FIELDS, list.sessions[0])).toEqual(
    expected(SESSION_FIELDS, "list", SESSION),
  );

  const one = await read<Answer>(ada.get("/api/sessions/s"));
  expect(shown(SESSION_FIELDS, one.session)).toEqual(expected(SESSION_FIELDS, "session", SESSION));
  expect(shown(MESSAGE_FIELDS, one.messages[0])).toEqual(
    expected(MESSAGE_FIELDS, "session", MESSAGE),
  );

  const found = await read<Answer>(ada.post("/search", { query: "quick fox" }));
  expect(shown(SESSION_FIELDS, found.results[0])).toEqual(
    expected(SESSION_FIELDS, "search", SESSION),
  );

  const { session, message } = await exported(ada, "");
  expect(shown(SESSION_FIELDS, session)).toEqual(expected(SESSION_FIELDS, "export", SESSION));
  expect(shown(MESSAGE_FIELDS, message)).toEqual(expected(MESSAGE_FIELDS, "export", MESSAGE));

  const [stored] = await rows(t, "sessions");
  const sessionId = stored?._id ?? "";
  const page = await ada.dashboard.query(api.sessions.get, { sessionId });
  expect(shown(SESSION_FIELDS, page?.session)).toEqual(
    expected(SESSION_FIELDS, "dashboard", SESSION),
  );
  expect(shown(MESSAGE_FIELDS, page?.messages[0])).toEqual(
    expected(MESSAGE_FIELDS, "dashboard", MESSAGE),
  );
});

test("strangers see only the declared fields of a shared session", async () => {
  const { t, ada } = await synced();
  const { publicSlug: slug } = await read<{ publicSlug: string }>(
    ada.send("PATCH", "/api/sessions/s", { isPublic: true }),
  );
  const page = await t.query(api.sessions.getPublic, { slug });
  expect(shown(SESSION_FIELDS, page?.session)).toEqual(expected(SESSION_FIELDS, "shared", SESSION));
  expect(shown(MESSAGE_FIELDS, page?.messages[0])).toEqual(
    expected(MESSAGE_FIELDS, "shared", MESSAGE),
  );
  const pages = await Promise.all(
    ["", ".md", ".json"].map(async (form) => (await t.fetch(`/s/${slug}${form}`)).text()),
  );
  for (const name of keysOf(SESSION_FIELDS)) {
    const value = String(SESSION[name]);
    if (["title", "model", "totalTokens"].includes(name) || /^\d+$/.test(value)) continue;
    expect(pages.join("\n")).not.toContain(value);
  }
});

test.each([
  ["session", SESSION_FIELDS],
  ["message", MESSAGE_FIELDS],
] as const)("each field of a %s is read under each of its names", async (which, fields) => {
  const names = keysOf<Fields>(fields).map((name) => [name, ...aliasesOf(fields, name)]);
  const most = Math.max(...names.map((of) => of.length));
  const values = which === "session" ? SESSION : MESSAGE;
  for (let at = 0; at < most; at++) {
    const renamed = names.map((of) => [of[Math.min(at, of.length - 1)], values[of[0] ?? ""]]);
    const row = Object.fromEntries(renamed) as Row;
    const { t } = await (which === "session" ? synced(row) : synced(SESSION, row));
    const [stored] = await rows(t, which === "session" ? "sessions" : "messages");
    expect(shown(fields, stored)).toEqual(values);
  }
});

test("an anonymised export changes every personal field, and keeps the others", async () => {
  const { ada } = await synced();
  const { session, message } = await exported(ada, "&anonymize=true");
  for (const [fields, row, sent] of [
    [SESSION_FIELDS, session, SESSION],
    [MESSAGE_FIELDS, message, MESSAGE],
  ] as const) {
    for (const name of keysOf<Fields>(fields)) {
      const { personal } = declared(fields, name);
      if (personal === "no") expect(row?.[name], name).toBe(sent[name]);
      if (personal === "text") expect(row?.[name], name).toMatch(/^\w+ of user-[0-9a-f]+ \d+$/);
      if (personal === "name") expect(row?.[name], name).toMatch(/^user-[0-9a-f]+$/);
    }
  }
});

test("an anonymised export replaces a machine's name everywhere in the conversation", async () => {
  const { ada } = await synced(
    { host: "Lovelace-Box.local" },
    { textContent: "ssh Lovelace-Box.local" },
  );
  const { session, message } = await exported(ada, "&anonymize=true");
  expect(JSON.stringify([session, message])).not.toContain("Lovelace");
});

test("every field that is not sent again keeps its value", async () => {
  const { t, ada } = await synced();
  await ada.post("/sync/session", { externalId: "s", endReason: "done" });
  await ada.post("/sync/message", { sessionExternalId: "s", externalId: "m", textContent: "More" });
  await settle(t);
  const [session] = await rows(t, "sessions");
  expect(shown(SESSION_FIELDS, session)).toEqual({ ...SESSION, endReason: "done" });
  const [message] = await rows(t, "messages");
  expect(shown(MESSAGE_FIELDS, message)).toEqual(MESSAGE);
});

test("both kinds of cache writes are added up if no sum is sent", async () => {
  const { t } = await synced({}, { cacheWrite5mTokens: 5, cacheWrite1hTokens: 7 });
  const [message] = await rows(t, "messages");
  expect(message?.cacheWriteTokens).toBe(12);
});

test("filter names are unique", () => {
  const filters = FIELD_FILTERS.map(({ filter }) => filter);
  expect(new Set(filters).size).toBe(filters.length);
  expect(filters).toContain("branch");
});

test("every filter returns only matching sessions, in lists, searches and exports", async () => {
  const { t, ada } = await synced();
  const other = record(keysOf(SESSION_FIELDS), (name) => `other ${String(SESSION[name])}`);
  await ada.post("/sync/session", { externalId: "o", ...other, totalTokens: 1 });
  const said = { sessionExternalId: "o", externalId: "m", role: "user" };
  await ada.post("/sync/message", { ...said, textContent: "The quick brown fox" });
  await ada.send("PATCH", "/api/sessions/s", { evalReady: true });
  await ada.send("PATCH", "/api/sessions/o", { evalReady: true });
  await settle(t);
  for (const { filter, name } of FIELD_FILTERS) {
    const query = `${filter}=${encodeURIComponent(String(SESSION[name]))}`;
    const list = await read<Answer>(ada.get(`/api/sessions?${query}`));
    const found = await read<Answer>(ada.get(`/api/search?q=quick&${query}`));
    const file = await read<Answer>(ada.get(`/api/export?format=json&${query}`));
    for (const sessions of [list.sessions, found.results, file.sessions]) {
      expect(
        sessions.map(({ externalId }) => externalId),
        filter,
      ).toEqual(["s"]);
    }
  }
});

test("the pages of a filtered list contain every match exactly once", async () => {
  const t = deployment();
  const ada = await person(t);
  const sessions = Array.from({ length: 12 }, (_, n) => ({
    externalId: `s${n}`,
    gitBranch: n % 3 === 0 ? "main" : "other",
  }));
  await ada.post("/sync/batch", { sessions });
  const pages = await allPages(
    (cursor) =>
      read<{ sessions: Row[]; cursor: string | null }>(
        ada.get(`/api/sessions?gitBranch=main&limit=2${cursor ? `&cursor=${cursor}` : ""}`),
      ),
    (page) => page.cursor,
  );
  const ids = pages.flatMap((page) => page.sessions.map(({ externalId }) => externalId));
  expect(ids.sort()).toEqual(["s0", "s3", "s6", "s9"]);
});
