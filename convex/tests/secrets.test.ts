import { describe, expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import { SECRETS } from "../lib/secrets/corpus.fixture";
import { maskText } from "../lib/secrets/scan";
import type { SessionAnswer } from "../wire/answers";
import { allRows, deployment, eachTestAt, person, read, rows, settle, SITE } from "../test.setup";

eachTestAt(Date.UTC(2026, 10, 28));

const token = `ghp${"_"}${"a1B2".repeat(9)}`;
const other = `ghp${"_"}${"c3D4".repeat(9)}`;
const password = `Tr0ub4${"dor3"}`;

const message = (fields: object, externalId = "m") => ({
  sessionExternalId: "s",
  externalId,
  role: "user",
  ...fields,
});

async function secretsOf(ada: Awaited<ReturnType<typeof person>>) {
  const { secrets } = await read<SessionAnswer>(ada.get("/api/sessions/s"));
  return secrets;
}

describe("without REDACT_SECRETS", () => {
  test("text is stored unchanged, and the session has counts of the secrets found", async () => {
    const t = deployment();
    const ada = await person(t);
    const parts = [
      { type: "text", content: `use ${token}` },
      { type: "tool-call", content: { name: "Bash", args: { password } } },
    ];
    await ada.post("/sync/message", message({ textContent: `use ${token}`, parts }));
    await ada.post("/sync/message", message({ textContent: "nothing here" }, "n"));
    await settle(t);
    const found = [
      { kind: "github-token", count: 1 },
      { kind: "password", count: 1 },
    ];
    expect(await secretsOf(ada)).toEqual(found);
    const list = await read<{ sessions: SessionAnswer[] }>(ada.get("/api/sessions"));
    expect(list.sessions.map(({ secrets }) => secrets)).toEqual([found]);
    expect(JSON.stringify(await rows(t, "messages"))).toContain(token);
    // What is derived from the first prompts is shown in lists, and masked.
    expect(JSON.stringify(await rows(t, "sessions"))).not.toContain(token);
    const plain = (await rows(t, "messages")).find(({ externalId }) => externalId === "n");
    expect(plain).not.toHaveProperty("secrets");
  });

  test("the answer tells the kinds found in what was sent, also if it was stored already", async () => {
    const ada = await person(deployment());
    const secret = message({ textContent: `use ${token}` });
    const parts = [{ type: "tool-call", content: { name: "Bash", args: { password } } }];
    const plain = message({ textContent: "nothing here" }, "n");
    const found = [{ kind: "github-token", count: 1 }];
    expect(await read(ada.post("/sync/message", secret))).toMatchObject({ secrets: found });
    expect(await read(ada.post("/sync/message", plain))).not.toHaveProperty("secrets");
    const messages = [secret, message({ parts }, "o"), plain];
    const both = [...found, { kind: "password", count: 1 }];
    const batch = await read(ada.post("/sync/batch", { messages }));
    expect(batch).toMatchObject({ secrets: both });
    expect(JSON.stringify(batch)).not.toContain(token);
  });

  test("a rewritten message corrects the count, and one delivered again changes nothing", async () => {
    const t = deployment();
    const ada = await person(t);
    const send = async (fields: object) => {
      await ada.post("/sync/message", message(fields));
      await settle(t);
      return await secretsOf(ada);
    };
    const both = { textContent: `${token} ${other}` };
    expect(await send(both)).toEqual([{ kind: "github-token", count: 2 }]);
    expect(await send(both)).toEqual([{ kind: "github-token", count: 2 }]);
    expect(await send({ textContent: other })).toEqual([{ kind: "github-token", count: 1 }]);
    const call = [{ type: "tool-call", content: { name: "x", args: { password } } }];
    expect(await send({ parts: call })).toEqual([
      { kind: "github-token", count: 1 },
      { kind: "password", count: 1 },
    ]);
    expect(await send({ textContent: "none", parts: [] })).toEqual([]);
  });

  test("sharing right after a sync states the number of what has just arrived", async () => {
    const t = deployment();
    const ada = await person(t);
    await ada.post("/sync/batch", { messages: [message({ textContent: `push with ${token}` })] });
    const shared = await read(ada.send("PATCH", "/api/sessions/s", { isPublic: true }));
    expect(shared).toMatchObject({ maskedSecrets: 1 });
  });

  test("sharing states the number of masked secrets, and no form of the page contains one", async () => {
    const t = deployment();
    const ada = await person(t);
    await ada.post("/sync/session", { externalId: "s", title: `key ${token}` });
    const parts = [{ type: "tool-result", content: { output: `{"password":"${password}"}` } }];
    await ada.post("/sync/message", message({ textContent: `use ${token}`, parts }));
    await settle(t);
    const shared = await read(ada.send("PATCH", "/api/sessions/s", { isPublic: true }));
    expect(shared).toMatchObject({ isPublic: true, maskedSecrets: 2 });
    for (const form of ["", ".md", ".json"]) {
      const page = await (await t.fetch(`/s/${String(shared.publicSlug)}${form}`)).text();
      expect(page).not.toContain(token);
      expect(page).not.toContain(password);
      expect(page).toMatch(/redacted:github-token/);
    }
    const slug = String(shared.publicSlug);
    const inDashboard = JSON.stringify(await t.query(api.sessions.getPublic, { slug }));
    expect(inDashboard).not.toContain(token);
    expect(inDashboard).not.toContain(password);
    expect(inDashboard).toContain("redacted:github-token");
    const signIn = await t.fetch("/sign-in", {
      method: "POST",
      headers: { Accept: "text/html", Origin: SITE },
      body: new URLSearchParams({ key: ada.apiKey }).toString(),
    });
    const cookie = signIn.headers.get("Set-Cookie")?.split(";", 1)[0] ?? "";
    const headers = { Accept: "text/html", Cookie: cookie };
    const owners = await (await t.fetch(`/sessions/${String(shared.id)}`, { headers })).text();
    expect(owners).toContain("2 secrets masked (github-token, password)");
    expect(owners).toContain("use [redacted:github-token]");
    expect(owners.split(token).length - 1).toBe(1);
    expect(owners).not.toContain(password);
    const hidden = await read(ada.send("PATCH", "/api/sessions/s", { isPublic: false }));
    expect(hidden).not.toHaveProperty("maskedSecrets");
  });

  test("no request for embeddings contains a secret, however long the surrounding text", async () => {
    const t = deployment();
    const ada = await person(t);
    vi.stubEnv("OPENAI_API_KEY", "test");
    const sent: string[] = [];
    vi.stubGlobal("fetch", (_: unknown, { body }: { body: string }) => {
      sent.push(body);
      const { input } = JSON.parse(body) as { input: string[] };
      const data = input.map((_text, index) => ({ index, embedding: Array(1536).fill(0.01) }));
      return Promise.resolve(Response.json({ data }));
    });
    const long = "word ".repeat(3_000);
    // Of a tool call one line is sent: the first call is cut within the secret, the second contains it.
    const parts = [65, 40].map((times) => ({
      type: "tool-call",
      content: { name: "Bash", args: { command: `${"x ".repeat(times)}curl -H token:${token}` } },
    }));
    await ada.post("/sync/message", message({ textContent: `${token} ${long} ${token} ${long}` }));
    await ada.post("/sync/message", message({ role: "assistant", textContent: "ok", parts }, "n"));
    await settle(t);
    const asked = await ada.get(`/api/search?q=why%20${token}&type=semantic`);
    expect(asked.status).toBe(200);
    const texts = sent.flatMap((body) => (JSON.parse(body) as { input: string[] }).input);
    for (const text of texts) expect(maskText(text)).toBe(text);
    expect(texts.join()).not.toContain(token.slice(0, 6));
    // Both units and the question were sent, each with its marker and the surrounding text.
    const marked = texts.filter((text) => text.includes("[redacted:github-token]"));
    expect(marked.some((text) => text.includes("word word"))).toBe(true);
    expect(marked.some((text) => text.includes("curl -H token:[redacted:github-token]"))).toBe(
      true,
    );
    // Words of a question without meaning are omitted.
    expect(marked).toContain("[redacted:github-token]");
  });
});

describe("with REDACT_SECRETS=mask", () => {
  const all = SECRETS.filter(({ secret }) => secret.length > 7);

  test("no secret of the corpus is stored in any table, whatever field contained it", async () => {
    vi.stubEnv("REDACT_SECRETS", "mask");
    const t = deployment();
    const ada = await person(t);
    const messages = all.map(({ text }, n) =>
      message(
        {
          model: `model ${token}`,
          textContent: text,
          parts: [
            { type: "text", content: text },
            { type: "tool-result", content: { deep: [[{ text }]] }, note: text },
          ],
        },
        `m${n}`,
      ),
    );
    await ada.post("/sync/batch", {
      sessions: [{ externalId: "s", title: all[0]?.text }],
      messages,
    });
    await settle(t);
    await ada.send("PATCH", "/api/sessions/s", {
      title: all[1]?.text,
      evalNotes: all[2]?.text,
      evalTags: [token],
    });
    const { id } = await read<SessionAnswer>(ada.get("/api/sessions/s"));
    const sessionIds = [id];
    await ada.dashboard.mutation(api.evals.bulkAddTags, { sessionIds, tags: [`tag ${token}`] });
    await ada.dashboard.mutation(api.evals.bulkUpdate, { sessionIds, evalNotes: `see ${token}` });
    const page = { slug: "keys", title: `Key ${token}`, content: `# Keys\n\n${token}` };
    await t.mutation(internal.docs.upsertPages, { pages: [{ ...page, contentHash: "1" }] });
    await settle(t);
    expect((await rows(t, "docPages"))[0]?.content).toContain("[redacted:github-token]");
    const session = await read<SessionAnswer>(ada.get("/api/sessions/s"));
    expect(session.evalTags).toEqual(["[redacted:github-token]", "tag [redacted:github-token]"]);
    expect(session.evalNotes).toBe("see [redacted:github-token]");
    const stored = JSON.stringify(await allRows(t));
    const left = all.filter(({ secret }) => stored.includes(JSON.stringify(secret).slice(1, -1)));
    expect(left.map(({ kind }) => kind)).toEqual([]);
    expect(stored).not.toContain(token);
    expect((await secretsOf(ada)).length).toBeGreaterThan(30);
  });

  test("the same delivery is recognised, because its hash is that of the masked form", async () => {
    vi.stubEnv("REDACT_SECRETS", "mask");
    const t = deployment();
    const ada = await person(t);
    const batch = { messages: [message({ textContent: `use ${token}` })] };
    await ada.post("/sync/batch", batch);
    const again = await read<{ results: object }>(ada.post("/sync/batch", batch));
    expect(again.results).toMatchObject({ messages: { inserted: 0, updated: 0, skipped: 1 } });
  });

  test("keys, ids and opaque provider data are stored as sent", async () => {
    vi.stubEnv("REDACT_SECRETS", "mask");
    const t = deployment();
    const ada = await person(t);
    const signature = "Ab1+/".repeat(40);
    const content = { thinking: "hm", signature, encrypted_content: signature, password };
    await ada.post("/sync/message", message({ parts: [{ type: "thinking", content }] }, token));
    const { messages } = await read<{
      messages: { externalId: string; parts: { content: object }[] }[];
    }>(ada.get("/api/sessions/s"));
    expect(messages[0]?.externalId).toBe(token);
    const marked = { ...content, password: "[redacted:password]" };
    expect(messages[0]?.parts[0]?.content).toEqual(marked);
  });
});

describe("a legal message of 6 million times one character is stored, and so is its batch", () => {
  const long = "A".repeat(6_000_000);
  test.each<[string, object]>([
    ["as its text", { textContent: long }],
    ["as a picture", { parts: [{ type: "image", data: long }] }],
  ])(
    "%s",
    async (_, fields) => {
      const t = deployment();
      const ada = await person(t);
      const messages = [
        message({ textContent: "before" }, "a"),
        message(fields, "b"),
        message({ textContent: "after" }, "c"),
      ];
      const answer = await ada.post("/sync/batch", { messages });
      expect(answer.status).toBe(200);
      await settle(t);
      const stored = await rows(t, "messages");
      expect(stored.map(({ externalId }) => externalId).sort()).toEqual(["a", "b", "c"]);
      expect(await secretsOf(ada)).toEqual([]);
    },
    120_000,
  );
});
