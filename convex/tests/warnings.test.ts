import { beforeEach, describe, expect, test } from "vitest";
import { deployment, eachTestAt, person, read, rows } from "../test.setup";
import type { Deployment, Person } from "../test.setup";

eachTestAt(Date.UTC(2026, 0, 22, 12));

type Warning = { path: string; code: string; message: string };
type Answer = {
  ok?: boolean;
  code?: string;
  details?: { path: string }[];
  errors?: string[];
  warnings?: Warning[];
  failures?: { list: string; index: number; code: string; details: { path: string }[] }[];
};

let t: Deployment;
let ada: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
});

const ids = { sessionExternalId: "s", externalId: "m" };

async function strictly(path: string, body: unknown) {
  const answer = await t.fetch(path, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${ada.apiKey}`,
      "Content-Type": "application/json",
      Prefer: "return=minimal, handling=strict",
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: await read<Answer>(answer) };
}

describe("a warning", () => {
  test.each([
    [
      "/sync/message",
      { ...ids, textcontent: "hi" },
      "textcontent",
      "UNKNOWN_FIELD",
      "textContent?",
    ],
    ["/sync/message", { ...ids, role: "asistant" }, "role", "UNKNOWN_ROLE", "assistant?"],
    [
      "/sync/message",
      { ...ids, createdAt: "yesterday" },
      "createdAt",
      "UNUSABLE_VALUE",
      "yesterday",
    ],
    ["/sync/message", { ...ids, promptTokens: "many" }, "promptTokens", "UNUSABLE_VALUE", "many"],
    ["/sync/message", { ...ids, totalTokens: -4 }, "totalTokens", "UNUSABLE_VALUE", "0 or more"],
    ["/sync/message", { ...ids, cost: "-1" }, "cost", "UNUSABLE_VALUE", "0 or more"],
    ["/sync/message", { ...ids, cost: 1e9 }, "cost", "UNUSABLE_VALUE", "too large"],
    ["/sync/message", { ...ids, durationMs: true }, "durationMs", "UNUSABLE_VALUE", "a boolean"],
    ["/sync/message", { ...ids, prompt_tokens: 1.9 }, "prompt_tokens", "VALUE_CUT", "1 was stored"],
    ["/sync/message", { ...ids, totalTokens: "2.5" }, "totalTokens", "VALUE_CUT", "2 was stored"],
    ["/sync/message", { ...ids, createdAt: "2035-01-01" }, "createdAt", "UNUSABLE_VALUE", "future"],
    ["/sync/message", { ...ids, timestamp: 7 }, "timestamp", "UNUSABLE_VALUE", "before 2020"],
    ["/sync/message", { ...ids, cost: { usd: 1 } }, "cost", "UNUSABLE_VALUE", "an object"],
    ["/sync/message", { ...ids, cost: [1] }, "cost", "UNUSABLE_VALUE", "a list"],
    ["/sync/session", { externalId: "s", titel: "x" }, "titel", "UNKNOWN_FIELD", "title?"],
    [
      "/sync/session",
      { externalId: "s", title: "x".repeat(600) },
      "title",
      "VALUE_CUT",
      "500 bytes",
    ],
  ])("of %s %j names %s", async (path, body, field, code, words) => {
    const answer = await ada.post(path, body);
    expect(answer.status).toBe(200);
    const { ok, warnings = [] } = await read<Answer>(answer);
    expect(ok).toBe(true);
    expect(warnings.map(({ path, code }) => [path, code])).toEqual([[field, code]]);
    expect(warnings[0]?.message).toContain(words);
  });

  test.each([
    {
      ...ids,
      role: "user",
      textContent: "hi",
      createdAt: "2026-01-01T00:00:00Z",
      prompt_tokens: 5,
      ...{ totalTokens: " 7.0 ", cost: 0.5, durationMs: 1.5 },
    },
    { ...ids, role: "unknown", parts: [{ type: "odd", beside: 1 }], title: null, totalTokens: "" },
  ])("is not given for what is stored, or not sent: %j", async (body) => {
    const { title, ...message } = body as { title?: null };
    expect(title ?? null).toBeNull();
    expect(await read(ada.post("/sync/message", message))).not.toHaveProperty("warnings");
  });

  test("is not given for the count of messages that plugins send and that is never used", async () => {
    const body = { externalId: "s", messageCount: 4 };
    expect(await read(ada.post("/sync/session", body))).not.toHaveProperty("warnings");
  });

  test("in a batch tells unknown and unusable fields apart from those that are stored as sent", async () => {
    const sent = [
      // Stored under this name, but derived and no field of a message.
      { parts: [{ type: "text", text: "hi" }], textIsDerived: true },
      { promptTokens: 5, prompt_tokens: "many" },
      { model: "m".repeat(3_000), provider: "p" },
      { role: "unknown", cost: 1, totalTokens: 3 },
    ];
    const messages = sent.map((fields, n) => ({ ...ids, externalId: `m${n}`, ...fields }));
    const { warnings = [] } = await read<Answer>(ada.post("/sync/batch", { messages }));
    expect(warnings.map(({ path, code }) => [path, code])).toEqual([
      ["messages.0.textIsDerived", "UNKNOWN_FIELD"],
      ["messages.1.prompt_tokens", "UNUSABLE_VALUE"],
      ["messages.2.model", "VALUE_CUT"],
    ]);
  });

  test("in a batch tells the item; there are at most 50", async () => {
    const messages = Array.from({ length: 60 }, (_, n) => ({
      ...{ ...ids, externalId: `m${n}` },
      ...(n === 0 ? {} : { textcontent: "x" }),
    }));
    const sessions = [{ externalId: "s", titel: "x" }];
    const { warnings = [], errors } = await read<Answer>(
      ada.post("/sync/batch", { sessions, messages }),
    );
    expect(errors).toEqual([]);
    expect(warnings.slice(0, 2).map(({ path }) => path)).toEqual([
      "sessions.0.titel",
      "messages.1.textcontent",
    ]);
    expect(warnings).toHaveLength(50);
    expect(await rows(t, "messages")).toHaveLength(60);
  });
});

describe("Prefer: handling=strict", () => {
  test("turns a warning into 400, and nothing is stored", async () => {
    const { status, body } = await strictly("/sync/message", { ...ids, textcontent: "hi" });
    expect([status, body.code]).toEqual([400, "INVALID_REQUEST"]);
    expect(body.details?.map(({ path }) => path)).toEqual(["textcontent"]);
    expect(await rows(t, "messages")).toEqual([]);
  });

  test("refuses a fraction of a whole number, of which the rest would be lost", async () => {
    const { status, body } = await strictly("/sync/message", { ...ids, promptTokens: 1.9 });
    expect([status, body.details]).toEqual([
      400,
      [{ path: "promptTokens", message: "takes whole numbers; 1 was stored" }],
    ]);
  });

  test("refuses a whole batch for one warning or one invalid item", async () => {
    const good = { ...ids, textContent: "hi" };
    for (const bad of [{ ...ids, externalId: "n", rolle: "user" }, { sessionExternalId: "s" }]) {
      const { status, body } = await strictly("/sync/batch", { messages: [good, bad] });
      expect(status).toBe(400);
      expect(body.details?.[0]?.path).toMatch(/^messages\.1\./);
    }
    expect(await rows(t, "messages")).toEqual([]);
  });

  test("stores what has no fault, and says that it was applied", async () => {
    const good = { ...ids, role: "user", textContent: "hi" };
    for (const [path, body] of [
      ["/sync/message", good],
      ["/sync/batch", { sessions: [{ externalId: "s" }], messages: [good] }],
    ] as const) {
      const { status, headers } = await strictly(path, body);
      expect([status, headers.get("Preference-Applied")]).toEqual([200, "handling=strict"]);
    }
    expect(await rows(t, "messages")).toHaveLength(1);
  });
});

describe("failures of a batch", () => {
  test("name list, position, ids, code and fields, in the order of errors", async () => {
    const answer = await read<Answer>(
      ada.post("/sync/batch", {
        sessions: [{ externalId: "s" }, { title: "no id" }],
        messages: [{ sessionExternalId: "s" }, 7, { ...ids, externalId: "ok", textContent: "x" }],
      }),
    );
    expect(answer.failures).toEqual([
      {
        ...{ list: "sessions", index: 1, code: "INVALID_REQUEST" },
        details: [{ path: "externalId", message: "is required" }],
      },
      {
        ...{ list: "messages", index: 0, sessionExternalId: "s", code: "INVALID_REQUEST" },
        details: [{ path: "externalId", message: "is required" }],
      },
      {
        ...{ list: "messages", index: 1, code: "INVALID_REQUEST" },
        details: [{ path: "", message: "must be an object" }],
      },
    ]);
    expect(answer.errors).toHaveLength(3);
    expect(await rows(t, "messages")).toHaveLength(1);
  });

  test("tell an item that is too large by its ids", async () => {
    const large = { ...ids, externalId: "big", textContent: "x".repeat(7.5 * 1024 * 1024) };
    const { failures } = await read<Answer>(ada.post("/sync/batch", { messages: [large] }));
    expect(failures).toEqual([
      expect.objectContaining({
        ...{ list: "messages", index: 0, externalId: "big", sessionExternalId: "s" },
        code: "PAYLOAD_TOO_LARGE",
      }),
    ]);
  });

  test("are left out of an answer without any, as older clients expect", async () => {
    const answer = await read(ada.post("/sync/batch", { sessions: [{ externalId: "s" }] }));
    expect(Object.keys(answer).sort()).toEqual(["errors", "messages", "ok", "results", "sessions"]);
  });
});
