import { describe, expect, test } from "vitest";
import { api } from "../_generated/api";
import { allPages, conversation, deployment, eachTestAt } from "../test.setup";
import { person, read, rows, settle, type Person } from "../test.setup";

const NOW = Date.UTC(2026, 10, 22, 12);
const DAY = 86_400_000;

eachTestAt(NOW);

/** Stores a session with one question and its answer, ready for evaluation. */
async function ready(who: Person, id: string, fields: object = {}, edits: object = {}) {
  const session = { source: "pi", title: `Title ${id}`, ...fields };
  const said = [`Question ${id}`, `Answer ${id}`];
  await who.post("/sync/batch", conversation(id, said, session));
  const patched = await who.send("PATCH", `/api/sessions/${id}`, { evalReady: true, ...edits });
  expect(patched.status).toBe(200);
}

/** Ada's sessions: three that are ready, and one that is not. */
async function setUp() {
  const t = deployment();
  const ada = await person(t);
  await ready(
    ada,
    "old",
    { createdAt: NOW - 3 * DAY, model: "gpt", totalTokens: 7 },
    { evalStatus: "golden" },
  );
  await ready(ada, "new", { createdAt: NOW - DAY }, { evalTags: ["x", "y"] });
  await ready(ada, "cursor", { createdAt: NOW - 2 * DAY, source: "cursor" });
  await ada.post("/sync/session", { externalId: "unready", source: "pi" });
  await settle(t);
  return { t, ada };
}

async function names(answer: Response | Promise<Response>) {
  return (await read<{ name: string }[]>(answer)).map(({ name }) => name);
}

describe("GET /api/export", () => {
  test("exports every session ready for evaluation without ids, newest first, for DeepEval", async () => {
    const { ada } = await setUp();
    const answer = await ada.get("/api/export");
    expect(answer.headers.get("Content-Type")).toBe("application/json; charset=utf-8");
    expect(answer.headers.get("Content-Disposition")).toBe(
      'attachment; filename="opensync-deepeval.json"',
    );
    expect(answer.headers.get("X-Export-Sessions")).toBe("3");
    expect(answer.headers.get("X-Export-Cursor")).toBeNull();
    expect(await names(answer)).toEqual(["new#0", "cursor#0", "old#0"]);
  });

  test.each([
    ["status=golden", ["old#0"]],
    ["tag=y", ["new#0"]],
    ["tags=z,x", ["new#0"]],
    ["source=cursor", ["cursor#0"]],
    ["tool=cursor-sync", ["cursor#0"]],
    ["model=gpt", ["old#0"]],
    ["from=2026-11-20", ["new#0", "cursor#0"]],
    ["to=2026-11-20", ["cursor#0", "old#0"]],
    [`date_from=${NOW - 2 * DAY}&date_to=${NOW - 2 * DAY}`, ["cursor#0"]],
    ["limit=2", ["new#0", "cursor#0"]],
    ["min_tokens=7", ["old#0"]],
    ["min_tokens=8", []],
    ["sessionIds=old,new&min_tokens=7", ["old#0"]],
    ["status=golden&model=other", []],
    ["sessionIds=old,nowhere,new", ["old#0", "new#0"]],
    ["sessionIds=old,new&tag=x", ["new#0"]],
    ["sessionIds=old,new,old", ["old#0", "new#0"]],
    ["sessionIds=all", ["new#0", "cursor#0", "old#0"]],
  ])("%s exports %j, by its older address too", async (query, expected) => {
    const { ada } = await setUp();
    expect(await names(ada.get(`/api/export?${query}`))).toEqual(expected);
    expect(await names(ada.get(`/api/export/evals?${query}`))).toEqual(expected);
  });

  test.each(["deepeval", "deepeval&turns=multi", "openai", "openai&style=chat", "promptfoo"])(
    "include_metadata=false omits only the origin from %s",
    async (format) => {
      const { ada } = await setUp();
      const lines = async (query: string) => {
        const text = await (await ada.get(`/api/export/evals?format=${format}${query}`)).text();
        return (text.startsWith("[") ? text.slice(1, -2) : text).trim().split(/,?\n/);
      };
      const whole = await lines("");
      expect(whole).toHaveLength(3);
      const stripped = whole.map((line) => {
        const { metadata, additional_metadata, ...rest } = JSON.parse(line) as Record<
          string,
          object
        >;
        expect(JSON.stringify(metadata ?? additional_metadata)).toMatch(
          /"session_id":"(old|new|cursor)"/,
        );
        return JSON.stringify(rest);
      });
      expect(await lines("&include_metadata=false")).toEqual(stripped);
    },
  );

  test.each(["json", "jsonl"])("%s contains everything that a plugin sent", async (format) => {
    const { t, ada } = await setUp();
    const tokens = { promptTokens: 1, completionTokens: 2, totalTokens: 9, cacheReadTokens: 3 };
    const numbers = {
      ...tokens,
      cacheWriteTokens: 4,
      reasoningTokens: 5,
      cost: 0.5,
      durationMs: 6,
    };
    const named = { model: "gpt", provider: "openai", source: "pi" };
    const said = { externalId: "m", role: "critic", textContent: "no", ...named, ...numbers };
    const session = {
      ...named,
      ...numbers,
      toolCallCount: 8,
      endReason: "done",
      externalId: "full",
    };
    const sent = { sessions: [session], messages: [{ sessionExternalId: "full", ...said }] };
    await ada.post("/sync/batch", sent);
    await settle(t);
    const text = await (await ada.get(`/api/export?id=full&format=${format}`)).text();
    const [head, message] =
      format === "jsonl"
        ? text
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as object)
        : (JSON.parse(text) as { sessions: { messages: object[] }[] }).sessions.flatMap((one) => [
            one,
            ...one.messages,
          ]);
    expect(head).toMatchObject(session);
    expect(message).toMatchObject({ ...said, role: "unknown", rawRole: "critic" });
  });

  test("all=true exports every session, as JSONL by default", async () => {
    const { ada } = await setUp();
    const answer = await ada.get("/api/export?all=true");
    expect(answer.headers.get("Content-Type")).toBe("application/jsonl; charset=utf-8");
    const lines = (await answer.text()).trim().split("\n");
    const records = lines.map((line) => JSON.parse(line) as { type: string; externalId: string });
    const ids = records
      .filter(({ type }) => type === "session")
      .map(({ externalId }) => externalId);
    expect(ids).toEqual(["unready", "new", "cursor", "old"]);
    const filtered = await ada.get("/api/export?all=true&source=pi&to=2026-11-21&format=json");
    const { sessions } = await read<{ sessions: { externalId: string }[] }>(filtered);
    expect(sessions.map(({ externalId }) => externalId)).toEqual(["new", "old"]);
  });

  test("names in a header how to load the file", async () => {
    const { ada } = await setUp();
    for (const query of ["format=promptfoo&mode=replay", "format=promptfoo", "format=otel", ""]) {
      const usage = (await ada.get(`/api/export?${query}`)).headers.get("X-Export-Usage");
      expect(usage).toMatch(/^[\x20-\x7e]+$/);
      expect(usage).toContain("FILE");
    }
  });

  test.each([
    ["", /all=true/],
    ["sessionIds=nowhere", /None of these ids/],
    ["all=true", /None of your sessions/],
    ["sessionIds=silent", /a question with an answer/],
  ])("an export of nothing says why: %s", async (query, why) => {
    const ada = await person(deployment());
    if (query === "sessionIds=silent") await ada.post("/sync/session", { externalId: "silent" });
    const answer = await ada.get(`/api/export?${query}&format=openai`);
    expect(answer.headers.get("X-Export-Empty")).toMatch(why);
    expect(await answer.text()).toBe("");
    if (query === "sessionIds=silent") return;
    const text = await (await ada.get(`/api/export?${query}&format=markdown`)).text();
    expect(text).toMatch(why);
    const { note } = await read<{ note: string }>(ada.get(`/api/export?${query}&format=json`));
    expect(note).toMatch(why);
  });

  test("a session is one entry in json, however many messages it has", async () => {
    const t = deployment();
    const ada = await person(t);
    const texts = Array.from({ length: 450 }, (_, at) => `message ${at}`);
    await ada.post("/sync/batch", conversation("long", texts, { source: "pi" }));
    const { sessions } = await read<{
      sessions: { from: number; isLast: boolean; messages: object[] }[];
    }>(ada.get("/api/export?id=long"));
    expect(sessions.map(({ from, isLast, messages }) => [from, isLast, messages.length])).toEqual([
      [0, true, 450],
    ]);
  });

  test("a session listed by both ids is exported once, and a repeated unknown id is reported once", async () => {
    const { ada } = await setUp();
    const { _id } = await read(ada.get("/api/sessions/old"));
    const ids = ["old", "nowhere", _id, "nowhere", "new", _id];
    const answer = await ada.get(`/api/export?sessionIds=${ids.join(",")}`);
    expect(answer.headers.get("X-Export-Unknown")).toBe('1; ids="nowhere"');
    expect(await names(answer)).toEqual(["old#0", "new#0"]);
    const two = await ada.get(`/api/export?sessionIds=${ids.join(",")}&limit=1`);
    expect(await names(two)).toEqual(["old#0"]);
  });

  test("a tag that contains a comma can be filtered", async () => {
    const { ada } = await setUp();
    await ready(ada, "comma", { createdAt: NOW - 4 * DAY }, { evalTags: ["slow, odd"] });
    for (const name of ["tag", "tags"]) {
      const query = `${name}=${encodeURIComponent("slow, odd")}`;
      expect(await names(ada.get(`/api/export?${query}`))).toEqual(["comma#0"]);
    }
  });

  test("exports one session by id, ready or not, in any format, with a safe file name", async () => {
    const { ada } = await setUp();
    await ada.post("/sync/message", {
      sessionExternalId: '../"x\r\n',
      externalId: "m",
      role: "user",
      textContent: "hi",
    });
    const answer = await ada.get(`/api/export?id=${encodeURIComponent('../"x')}&format=markdown`);
    expect(answer.headers.get("Content-Disposition")).toBe('attachment; filename="opensync-x.md"');
    expect(await answer.text()).toContain("## User\n\nhi\n");
    const whole = await read<{ sessions: object[] }>(ada.get("/api/export?id=unready"));
    expect(whole.sessions).toMatchObject([{ externalId: "unready", messages: [] }]);
  });

  test("another user's session is treated as missing: 404 by id, omitted from a list", async () => {
    const { t } = await setUp();
    const eve = await person(t, "eve@example.com");
    expect((await eve.get("/api/export?id=old")).status).toBe(404);
    expect(await names(eve.get("/api/export?sessionIds=old"))).toEqual([]);
    expect(await names(eve.get("/api/export"))).toEqual([]);
  });

  test.each([
    ["format=pdf", "format"],
    ["status=great", "status"],
    ["style=loud", "style"],
    ["mode=both", "mode"],
    ["bom=maybe", "bom"],
    ["from=yesterday", "from"],
    ["min_tokens=many", "min_tokens"],
    ["min_tokens=-1", "min_tokens"],
    ["limit=x", "limit"],
    ["limit=0", "limit"],
    ["include_metadata=perhaps", "include_metadata"],
    ["cursor=abc", "cursor"],
    ["format=constructor", "format"],
    ["id=", "id"],
    ["id=%20", "id"],
    ["sessionIds=", "sessionIds"],
    ["sessionIds=,,", "sessionIds"],
  ])("%s answers 400 and names the field", async (query, path) => {
    const { ada } = await setUp();
    const answer = await ada.get(`/api/export?${query}`);
    expect(answer.status).toBe(400);
    expect(await read(answer)).toMatchObject({ code: "INVALID_REQUEST", details: [{ path }] });
  });

  test.each([
    ["id=old&sessionIds=new", "id"],
    ["id=old&session_ids=old,new", "id"],
    ["id=old&sessionIds=all", "id"],
    ["id=old&all=true", "id"],
    ["sessionIds=old&all=true", "sessionIds"],
  ])("two selections at once are refused, not one of them ignored: %s", async (query, path) => {
    const { ada } = await setUp();
    const { sessionIds, session_ids, ...rest } = Object.fromEntries(new URLSearchParams(query));
    const list = sessionIds ?? session_ids;
    const body = { ...rest, ...(list === undefined ? {} : { sessionIds: list.split(",") }) };
    for (const answer of [
      await ada.get(`/api/export?${query}`),
      await ada.get(`/api/export/evals?${query}`),
      await ada.post("/api/export", body),
    ]) {
      expect(answer.status).toBe(400);
      expect(await read(answer)).toMatchObject({
        code: "INVALID_REQUEST",
        details: [{ path, message: expect.stringMatching(/^excludes (sessionIds|all)/) as string }],
      });
    }
    const every = await ada.get("/api/export?sessionIds=all&all=true&format=jsonl");
    expect(await every.text()).toContain("unready");
  });

  test("unknown ids of a list are counted and named in a header that browsers may read", async () => {
    const { ada } = await setUp();
    const answer = await ada.get("/api/export?sessionIds=old,no%20where,new,%C3%A9");
    expect(answer.headers.get("X-Export-Unknown")).toBe('2; ids="no%20where %C3%A9"');
    expect(answer.headers.get("Access-Control-Expose-Headers")).toContain("X-Export-Unknown");
    const none = await ada.get("/api/export?sessionIds=a,b");
    expect([none.status, none.headers.get("X-Export-Unknown")]).toEqual([200, '2; ids="a b"']);
    // More ids than one query may look up.
    const many = Array.from({ length: 4_200 }, (_, index) => `n${index}`).join(",");
    const found = await ada.get(`/api/export?sessionIds=${many},old`);
    expect(found.headers.get("X-Export-Unknown")).toMatch(/^4200; ids="n0 n1 /);
    expect(await names(found)).toEqual(["old#0"]);
    const known = await ada.get("/api/export?sessionIds=old");
    expect(known.headers.get("X-Export-Unknown")).toBeNull();
    expect((await ada.get("/api/export?id=nowhere")).status).toBe(404);
  });

  test("a large export continues with its cursor, complete and in order, each answer a valid document", async () => {
    const ada = await person(deployment());
    const large = { role: "user", textContent: "é".repeat(1_500_000), externalId: "large" };
    const ids = [0, 1, 2, 3, 4].map((index) => `s${index}`);
    for (const [index, id] of ids.entries()) {
      await ready(ada, id, { createdAt: NOW - index * 1_000 });
      await ada.post("/sync/message", { sessionExternalId: id, ...large });
    }
    const answers = await allPages(
      (cursor) => ada.get(`/api/export?format=json${cursor ? `&cursor=${cursor}` : ""}`),
      ({ headers }) => headers.get("X-Export-Cursor"),
    );
    expect(answers.length).toBeGreaterThan(1);
    const links = answers.map(({ headers }) => headers.get("Link"));
    expect(links.pop()).toBeNull();
    for (const link of links) expect(link).toMatch(/cursor=.*; rel="next"$/);
    type Exported = { sessions: { externalId: string; messages: object[] }[] };
    const documents = await Promise.all(answers.map((answer) => read<Exported>(answer)));
    const found = documents.flatMap(({ sessions }) => sessions);
    expect(found.map(({ externalId, messages }) => [externalId, messages.length])).toEqual(
      ids.map((id) => [id, 3]),
    );
  });

  test("anonymize=true replaces names, paths, addresses and keys consistently", async () => {
    const t = deployment();
    const ada = await person(t, "grace@navy.mil");
    await ada.post("/sync/batch", {
      sessions: [{ externalId: "s", source: "pi", projectPath: "/home/hopper/cobol" }],
      messages: [
        {
          sessionExternalId: "s",
          externalId: "m",
          role: "user",
          textContent: `I am Grace (hopper): ${ada.apiKey}, grace@navy.mil`,
          parts: [{ type: "tool-call", content: { name: "Bash", args: { cwd: "/home/hopper" } } }],
        },
      ],
    });
    await settle(t);
    const answer = await (await ada.get("/api/export?id=s&anonymize=true")).text();
    expect(answer).not.toMatch(/grace|hopper|navy|osk_/i);
    expect(new Set(answer.match(/\/home\/user-\w+/g)).size).toBe(1);
    // Another export uses different pseudonyms, so that two recipients cannot compare their exports.
    const again = await (await ada.get("/api/export?id=s&anonymize=true")).text();
    expect(again).not.toMatch(/grace|hopper|navy|osk_/i);
    const pseudonyms = (text: string) => new Set(text.match(/user-[0-9a-f]{12}/g));
    expect(pseudonyms(again).size).toBe(pseudonyms(answer).size);
    for (const one of pseudonyms(again)) expect(answer).not.toContain(one);
  });

  describe("a name that only one end of a long session reveals is hidden in all of it", () => {
    const ends = [
      ["in /home/lovelace", "ok", "Ask Hopper", "ok"],
      ["Lovelace said so", "ok", "in /home/hopper/cobol", "ok"],
    ];

    async function exportedIn(format: string, ada: Person): Promise<string[]> {
      const path = `/api/export?format=${format}&sessionIds=s,other&anonymize=true`;
      const answers = await allPages(
        (cursor) => ada.get(cursor ? `${path}&cursor=${cursor}` : path),
        (answer) => answer.headers.get("X-Export-Cursor"),
      );
      return await Promise.all(answers.map((answer) => answer.text()));
    }

    test.each([
      ["in several answers", ["json", "text"], 12, 950_000],
      ["in several segments", ["text", "csv", "deepeval"], 450, 1],
    ])("%s: %j", { timeout: 60_000 }, async (_, formats, count, size) => {
      const t = deployment();
      const ada = await person(t, "a1@example.com");
      const middle = Array.from({ length: count }, () => "x".repeat(size));
      const texts = [...(ends[0] ?? []), ...middle, ...(ends[1] ?? [])];
      const { messages } = conversation("s", texts);
      for (let at = 0; at < messages.length; at += 6) {
        const some = messages.slice(at, at + 6);
        expect((await ada.post("/sync/batch", { messages: some })).status).toBe(200);
      }
      await ada.post("/sync/batch", conversation("other", ["Hopper and Lovelace", "by name"]));
      await settle(t);
      for (const format of formats) {
        const parts = await exportedIn(format, ada);
        if (size > 1) expect(parts.length).toBeGreaterThan(1);
        const whole = parts.join("\n").replace(/x{9,}/g, "");
        // Names that only another session's path reveals stay, because each session is anonymised on its own.
        const end = whole.indexOf("Hopper and Lovelace");
        const [own, others] = [whole.slice(0, end), whole.slice(end)];
        expect(own).toMatch(/Ask user-[0-9a-f]{12}/);
        expect(own).toMatch(/user-[0-9a-f]{12} said so/);
        expect(own).not.toMatch(/hopper|lovelace/i);
        expect(others).toContain("Hopper and Lovelace");
      }
    });
  });

  test("all answers of an anonymised export use the same pseudonyms, and its cursor reveals no key", async () => {
    const t = deployment();
    const ada = await person(t, "grace@navy.mil");
    const ids = ["a", "b", "c"];
    for (const [n, id] of ids.entries()) {
      const filler = "x".repeat(n < 2 ? 950_000 : 1);
      const texts = Array.from({ length: 6 }, (_, at) => `${at} in /home/hopper ${filler}`);
      await ada.post("/sync/batch", conversation(id, texts));
    }
    await settle(t);
    const path = `/api/export?format=json&sessionIds=${ids.join()}&anonymize=true`;
    const answers = await allPages(
      (cursor) => ada.get(cursor ? `${path}&cursor=${cursor}` : path),
      (answer) => answer.headers.get("X-Export-Cursor"),
    );
    expect(answers.length).toBeGreaterThan(1);
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    const found = texts.flatMap((text) => text.match(/\/home\/user-[0-9a-f]{12}/g) ?? []);
    expect(found.length).toBeGreaterThanOrEqual(3);
    expect(new Set(found).size).toBe(1);
    const [user] = await rows(t, "users");
    const cursor = atob(
      (answers[0]?.headers.get("X-Export-Cursor") ?? "").replace(/-/g, "+").replace(/_/g, "/"),
    );
    expect(cursor).not.toContain(user?.pseudonymKey);
    expect(user?.pseudonymKey).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("the dashboard's file", () => {
  const options = { includeSystemPrompts: false, includeToolCalls: false, anonymizePaths: false };

  test.each([
    ["deepeval", "json"],
    ["openai", "jsonl"],
    ["promptfoo", "jsonl"],
    ["filesystem", "json"],
  ])("%s holds all that is ready, under a name with the date", async (format, extension) => {
    const { ada } = await setUp();
    const file = await ada.dashboard.action(api.evals.generateEvalExport, {
      sessionIds: "all",
      format,
      options,
    });
    expect(file.filename).toBe(`opensync-${format}-2026-11-22.${extension}`);
    for (const id of ["old", "new", "cursor"]) expect(file.data).toContain(`Question ${id}`);
    expect(file.stats.sessions).toBe(3);
  });

  test("a folder states when it was created, and which sources and models it contains", async () => {
    const { t, ada } = await setUp();
    const system = { sessionExternalId: "system", externalId: "m", role: "system" };
    await ada.post("/sync/message", { ...system, textContent: "You are a tool." });
    await ada.send("PATCH", "/api/sessions/system", { evalReady: true });
    await ada.post("/sync/batch", conversation("old", ["Question old", "Answer", "Why?"]));
    await settle(t);
    const args = { sessionIds: "all" as const, format: "filesystem", options };
    const { data } = await ada.dashboard.action(api.evals.generateEvalExport, args);
    const { manifest, files } = JSON.parse(data) as { manifest: object; files: object };
    expect(manifest).toEqual({
      opensync_metadata: {
        export_version: "1.0",
        export_date: expect.stringMatching(/^2026-11-22T12:.*Z$/) as string,
        total_sessions: 3,
        total_test_cases: 4,
        skipped_sessions: 1,
      },
      sources: { pi: 2, "cursor-sync": 1 },
      models: ["gpt"],
      files: ["session-new.txt", "session-cursor.txt", "session-old.txt"],
    });
    expect(Object.keys(files)).toHaveLength(3);
  });

  test("fails if there is nothing to export, and for signed-out callers", async () => {
    const { t, ada } = await setUp();
    const args = { sessionIds: [], format: "deepeval", options };
    const exported = (who: Pick<typeof t, "action">) =>
      who.action(api.evals.generateEvalExport, args);
    await expect(exported(ada.dashboard)).rejects.toThrow("not found");
    await expect(exported(t)).rejects.toThrow("UNAUTHORIZED");
  });
});
