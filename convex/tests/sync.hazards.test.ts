import { getDocumentSize } from "convex/values";
import { describe, expect, test } from "vitest";
import { isWellFormed } from "../lib/text";
import { deployment, eachTestAt, pagesOfSession, person, read, rows, settle } from "../test.setup";
import type { Person, SessionPage } from "../test.setup";
import type { MessageAnswer } from "../wire/answers";

eachTestAt(Date.UTC(2026, 0, 22, 12));

type Batch = { ok: boolean; sessions: number; messages: number; errors: string[] };

const message = (fields: object) => ({
  sessionExternalId: "s",
  externalId: "m",
  role: "assistant",
  ...fields,
});
const nested = (depth: number) =>
  JSON.parse(`${'{"n":'.repeat(depth)}1${"}".repeat(depth)}`) as unknown;

async function roundTrip(ada: Person, fields: object): Promise<MessageAnswer> {
  const answer = await ada.post("/sync/message", message(fields));
  expect(answer.status).toBe(200);
  const session = await read<SessionPage>(ada.get("/api/sessions/s"));
  const [first] = session.messages;
  if (!first) throw new Error("the message is gone");
  return first;
}

const LINE =
  "NUL \u0000 ESC \u001b[31m CRLF \r\n BOM \ufeff astral 𝒳 RTL \u202e LS \u2028 日本語 é";

test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
  "everything that a client names may be named %s",
  async (name) => {
    const t = deployment();
    const ada = await person(t);
    const session = { externalId: name, source: name, title: name, projectName: name, host: name };
    const parts = [{ type: "tool-call", content: { toolName: name, toolCallId: name, args: {} } }];
    const own = { sessionExternalId: name, externalId: name, role: name, provider: name };
    const messages = [{ ...own, model: name, parts, promptTokens: 5 }];
    const sent = { sessions: [{ ...session, model: name, provider: name }], messages };
    expect(await read<Batch>(ada.post("/sync/batch", sent))).toMatchObject({ errors: [] });
    await settle(t);
    const query = `source=${name}&project=${name}&model=${name}&provider=${name}`;
    const { sessions } = await read<{ sessions: object[] }>(ada.get(`/api/sessions?${query}`));
    expect(sessions).toMatchObject([session]);
    expect(await read<SessionPage>(ada.get(`/api/sessions/${name}`))).toMatchObject({
      messages: [{ externalId: name, model: name, parts }],
    });
    expect(await read(ada.get(`/api/stats?${query}`))).toMatchObject({
      totals: { promptTokens: 5 },
      byModel: [{ model: name }],
      byTool: [{ tool: name, calls: 1 }],
    });
  },
);

test("a byte order mark before a body is no part of it", async () => {
  const ada = await person(deployment());
  const batch = JSON.stringify({ sessions: [{ externalId: "s" }], messages: [message({})] });
  const answer = await ada.post("/sync/batch", `\ufeff${batch}`);
  expect(await answer.json()).toMatchObject({ sessions: 1, messages: 1, errors: [] });
  expect((await ada.post("/sync/session", `\ufeff{"externalId":"t"}`)).status).toBe(200);
  expect((await ada.post("/sync/batch", `{"sessions":[\ufeff{"externalId":"u"}]}`)).status).toBe(
    400,
  );
});

describe("tool arguments come back deep-equal", () => {
  test.each<[string, unknown]>([
    ["$-keys", { $schema: "s", $defs: { a: { $ref: "#" } }, f: { $and: [{ a: { $gt: 3 } }] } }],
    ["_-keys", { _id: "1", _creationTime: 5 }],
    [
      "empty, non-ASCII, control-character and long keys",
      { "": 1, 日本: 2, "a\nb": 3, ["k".repeat(1100)]: 4 },
    ],
    [
      "keys of every object",
      JSON.parse('{"__proto__":1,"constructor":2,"toString":{"__proto__":[]}}'),
    ],
    ["200 levels", nested(200)],
    ["900 levels", nested(900)],
    ["20,000 elements", Array.from({ length: 20_000 }, (_, i) => i)],
    ["5,000 keys", Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, i]))],
    ["null", null],
    ["a string", "raw"],
    ["an array", [1, { a: 2 }, null, [[]]]],
    ["false, 0 and the empty string", [false, 0, "", {}, []]],
    ["numbers at the edge", [1e308, -1e-308, 9007199254740991, 0.1, -0.5]],
    ["lone surrogates in values and keys", { "\ud83c": "\udc00 and \ud800" }],
    ["1.4 MB of two-byte text", { content: "é".repeat(700_000) }],
  ])("%s", async (_, args) => {
    const ada = await person(deployment());
    const parts = [{ type: "tool-call", content: { toolName: "t", args } }];
    const stored = await roundTrip(ada, { parts });
    expect(stored.parts).toEqual(parts);
    expect(JSON.stringify(stored.parts)).toBe(JSON.stringify(parts));
  });
});

describe("tool results and texts come back byte for byte", () => {
  test.each<[string, string]>([
    ["control characters and scripts", LINE],
    ["3.5 MB, twice in one message", "0123456789abcdef\n".repeat(205_000)],
    ["2 MB of three-byte characters", "日本語".repeat(222_222)],
    ["astral characters at every cut", `x${"🎉".repeat(200_000)}`],
    ["nothing", ""],
  ])("%s", async (_, content) => {
    const ada = await person(deployment());
    const stored = await roundTrip(ada, {
      parts: [{ type: "tool-result", content }],
      textContent: `text ${content}`,
    });
    expect(stored.parts[0]?.content === content).toBe(true);
    expect(stored.textContent === `text ${content}`).toBe(true);
  });

  test("a lone surrogate in a text becomes U+FFFD, and the rest is unchanged", async () => {
    const ada = await person(deployment());
    expect((await roundTrip(ada, { textContent: "cut \ud83c here" })).textContent).toBe(
      "cut \ufffd here",
    );
  });
});

test("5,000 parts come back complete and in order", async () => {
  const ada = await person(deployment());
  const parts = Array.from({ length: 5_000 }, (_, i) => ({
    type: i % 2 ? "text" : "odd",
    content: { i },
  }));
  expect((await roundTrip(ada, { parts })).parts).toEqual(parts);
});

describe("every dialect of parts is kept", () => {
  test.each<[string, unknown, unknown]>([
    [
      "fields beside type",
      [{ type: "tool-call", toolName: "R", args: "{}" }],
      [{ type: "tool-call", content: { toolName: "R", args: "{}" } }],
    ],
    [
      "a name beside content",
      [{ type: "tool-result", toolName: "R", content: "out" }],
      [{ type: "tool-result", content: { toolName: "R", content: "out" } }],
    ],
    ["one part without a list", { type: "text", content: "x" }, [{ type: "text", content: "x" }]],
    ["plain text in the list", ["x"], [{ type: "text", content: "x" }]],
    ["no content", [{ type: "step-start" }], [{ type: "step-start" }]],
    ["null content", [{ type: "x", content: null }], [{ type: "x", content: null }]],
    ["no type", [{ content: [1] }], [{ type: "unknown", content: [1] }]],
    ["not even an object", [7], [{ type: "unknown", content: 7 }]],
    ["none", null, []],
    ...[
      { type: "image", content: "AAAA", mime: "png" },
      { type: "tool_result", tool_use_id: "t1", is_error: true, content: "one\ntwo" },
      { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "x" }] },
      { type: "thinking", content: "hm", signature: "sig" },
      { type: "tool-call", content: { name: "R", args: {} }, id: "c1" },
      { type: "text", content: "a\nb\n", cache_control: { type: "ephemeral" } },
      { type: "text", content: "", citations: [{ "\n": "\ud83c" }] },
      { type: "x", content: null, note: null },
    ].map((part): [string, unknown, unknown] => [
      `${part.type} with ${Object.keys(part)[1]} and more beside`,
      [part],
      [part],
    ]),
    ["a type that is no name", [{ type: 7 }], [{ type: "unknown", content: { type: 7 } }]],
    [
      "a type that is too long for a name",
      [{ type: "x".repeat(101), content: "c", more: 1 }],
      [{ type: "unknown", content: { type: "x".repeat(101), content: "c", more: 1 } }],
    ],
  ])("%s", async (_, parts, expected) => {
    const ada = await person(deployment());
    expect((await roundTrip(ada, { parts })).parts).toEqual(expected);
  });
});

describe("every field with content is kept, in any combination", () => {
  const hello = { type: "text", text: "hello" };
  const call = { id: "c1", name: "Read", arguments: '{"p":1}' };
  const asPart = { type: "tool-call", content: { id: "c1", name: "Read", args: { p: 1 } } };
  test.each<[string, object, { textContent?: string; parts: unknown[] }]>([
    [
      "one block as content",
      { content: hello },
      { textContent: "hello", parts: [{ type: "text", content: { text: "hello" } }] },
    ],
    [
      "an empty text and a real one",
      { textContent: "", content: "real text" },
      { textContent: "real text", parts: [] },
    ],
    ["the same text twice", { textContent: "a", content: "a" }, { textContent: "a", parts: [] }],
    [
      "two texts",
      { textContent: "a", content: "b" },
      { textContent: "a", parts: [{ type: "text", content: "b" }] },
    ],
    [
      "no parts and calls",
      { parts: [], toolCalls: [call] },
      { parts: [{ type: "tool-call", content: call }] },
    ],
    [
      "one call without a list",
      { textContent: "t", toolCalls: call },
      { textContent: "t", parts: [{ type: "tool-call", content: call }] },
    ],
    ["parts that hold the call", { parts: [asPart], toolCalls: [call] }, { parts: [asPart] }],
    [
      "parts that contain one of two equal calls",
      { parts: [asPart], toolCalls: [call, call] },
      { parts: [asPart, { type: "tool-call", content: call }] },
    ],
    [
      "parts that contain less than the call",
      { parts: [asPart], toolCalls: [{ ...call, startedAt: 5 }] },
      { parts: [asPart, { type: "tool-call", content: { ...call, startedAt: 5 } }] },
    ],
    [
      "parts and blocks, some of them the same",
      { parts: [{ type: "text", content: "a" }], content: [{ type: "text", content: "a" }, "b"] },
      {
        textContent: "a\n\nb",
        parts: [
          { type: "text", content: "a" },
          { type: "text", content: "b" },
        ],
      },
    ],
    [
      "text in another dialect",
      { content: [{ type: "output_text", text: "hello" }] },
      { textContent: "hello", parts: [{ type: "output_text", content: { text: "hello" } }] },
    ],
    ["a number as content", { content: 5 }, { textContent: "5", parts: [] }],
  ])("%s", async (_, fields, expected) => {
    const ada = await person(deployment());
    const { textContent, parts } = await roundTrip(ada, fields);
    expect({ textContent, parts }).toEqual(expected);
  });
});

test("a result is matched to its call by the id next to it, in another message, out of order", async () => {
  const ada = await person(deployment());
  const calls = ["t1", "t2"].map((id) => ({ type: "tool_use", id, name: "Read", input: { id } }));
  const results = ["t2", "t1"].map((id) => ({
    type: "tool_result",
    tool_use_id: id,
    content: `result of ${id}`,
  }));
  const messages = [
    message({ externalId: "a", role: "user", textContent: "read both" }),
    message({ externalId: "b", parts: calls }),
    message({ externalId: "c", role: "user", content: results }),
  ].map((one, at) => ({ ...one, createdAt: Date.UTC(2026, 0, 20) + at * 1_000 }));
  await ada.post("/sync/batch", { messages });
  const exported = await read<{ turns: { tools_called?: object[] }[] }[]>(
    ada.get("/api/export?format=deepeval&turns=multi&id=s"),
  );
  const called = exported.flatMap(({ turns }) => turns.flatMap((turn) => turn.tools_called ?? []));
  expect(called).toMatchObject(
    ["t1", "t2"].map((id) => ({ input_parameters: { id }, output: `result of ${id}` })),
  );
});

describe("an unusable field is ignored and the rest is kept", () => {
  test.each<[string, object, object]>([
    ["negative duration", { durationMs: -5 }, { durationMs: undefined }],
    ["duration as text", { durationMs: "1200" }, { durationMs: 1200 }],
    ["null duration", { durationMs: null }, { durationMs: undefined }],
    ["text that only starts as a number", { promptTokens: "07-4" }, { promptTokens: undefined }],
    ["leading zeros", { promptTokens: "012300" }, { promptTokens: 12300 }],
    ["a fraction as text", { cost: "00.5" }, { cost: 0.5 }],
    ["an object for a number", { completionTokens: {} }, { completionTokens: undefined }],
    ["a number for a text", { model: 7 }, { model: "7" }],
    ["a time in the far future", { createdAt: 9e12 }, { createdAt: Date.UTC(2026, 0, 22, 12) }],
    ["a time in seconds", { createdAt: 1_768_000_000 }, { createdAt: 1_768_000_000_000 }],
    [
      "an ISO time",
      { timestamp: "2026-01-20T10:00:00.000Z" },
      { createdAt: Date.UTC(2026, 0, 20, 10) },
    ],
    ["an unknown role", { role: "wizard" }, { role: "unknown", rawRole: "wizard" }],
    ["no role", { role: null }, { role: "unknown" }],
    ["a role in capitals", { role: "User" }, { role: "user", rawRole: "User" }],
    ["an object for a role", { role: {} }, { role: "unknown" }],
    ["empty text", { textContent: "" }, { textContent: undefined }],
    ["an object for a text", { textContent: { a: 1 } }, { textContent: '{"a":1}' }],
    ["unknown fields", { foo: { $bar: 1 } }, { textContent: "kept" }],
  ])("%s", async (_, fields, expected) => {
    const ada = await person(deployment());
    const stored = await roundTrip(ada, { textContent: "kept", ...fields });
    for (const [key, value] of Object.entries(expected)) {
      expect(stored[key as keyof MessageAnswer]).toEqual(value);
    }
  });

  test("1e999 for a cost is ignored and the totals stay numbers", async () => {
    const ada = await person(deployment());
    await ada.post("/sync/session", '{"externalId":"s","cost":1e999,"promptTokens":5}');
    const session = await read(ada.get("/api/sessions/s"));
    expect(session).toMatchObject({ cost: 0, promptTokens: 5, totalTokens: 5 });
  });
});

describe("an id with an unpaired surrogate is refused, because two of them would become one", () => {
  const [one, other] = ["a\ud83c", "a\ud83d"];
  test.each([
    ["/sync/session", "externalId", { externalId: one }],
    ["/sync/session", "session_id", { session_id: one }],
    ["/sync/message", "externalId", { sessionExternalId: "s", externalId: other }],
    ["/sync/message", "sessionExternalId", { sessionExternalId: other, externalId: "m" }],
  ])("%s names %s", async (path, name, body) => {
    const ada = await person(deployment());
    const answer = await ada.post(path, JSON.stringify(body));
    expect(answer.status).toBe(400);
    expect(await read(answer)).toMatchObject({
      details: [{ path: name, message: "has an unpaired surrogate, which cannot be stored" }],
    });
  });

  test("in a batch, only this item is refused", async () => {
    const t = deployment();
    const ada = await person(t);
    const ids = ["a", one, other, "a🎉"];
    const messages = ids.map((externalId) => ({ sessionExternalId: "s", externalId }));
    const answer = await read<{ failures: { index: number }[] }>(
      ada.post("/sync/batch", JSON.stringify({ messages })),
    );
    expect(answer.failures.map(({ index }) => index)).toEqual([1, 2]);
    expect((await rows(t, "messages")).map(({ externalId }) => externalId)).toEqual(["a", "a🎉"]);
  });
});

describe("a text of 1 MB with lone surrogates in any field gets 200, or 400 naming the field, and stores no row that Convex would refuse", () => {
  const huge = "🎉x\ud83c".repeat(150_000);
  const sessionFields = ["externalId", "source", "title", "projectPath", "projectName", "model"];
  const messageFields = [
    "sessionExternalId",
    "externalId",
    "role",
    "textContent",
    "model",
    "source",
  ];
  const more = ["provider", "endReason", "createdAt", "promptTokens", "cost", "parts", "content"];
  const cases = [
    ...[...sessionFields, ...more].map((field) => ["/sync/session", field] as const),
    ...[...messageFields, ...more].map((field) => ["/sync/message", field] as const),
  ];
  test.each(cases)("%s %s", async (path, field) => {
    const t = deployment();
    const ada = await person(t);
    const answer = await ada.post(path, { ...message({}), [field]: huge });
    if (/Id$/.test(field) && answer.status !== 200) {
      expect(answer.status).toBe(400);
      expect((await read<{ message: string }>(answer)).message).toContain(field);
      return;
    }
    expect(answer.status).toBe(200);
    expect((await ada.get("/api/sessions")).status).toBe(200);
    await settle(t);
    const isLong = /^(textContent|parts|content)$/.test(field) && path === "/sync/message";
    for (const table of ["sessions", "messages", "parts"] as const) {
      const stored = await rows(t, table);
      const isExpected = { sessions: true, messages: path === "/sync/message", parts: isLong };
      expect(stored.length > 0).toBe(isExpected[table]);
      for (const row of stored) {
        expect(getDocumentSize(row)).toBeLessThan(1_048_576);
        const texts = Object.values(row).filter((value) => typeof value === "string");
        expect(texts.filter((value) => !isWellFormed(value)).length).toBe(0);
      }
    }
  });
});

test("an invalid item of a batch is named in the answer, and the other items are stored", async () => {
  const t = deployment();
  const ada = await person(t);
  const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
  const good = (id: string) => JSON.stringify(message({ externalId: id, textContent: id }));
  const body = `{"sessions":[null,{"title":"no id"},{"externalId":"s","title":"T"}],"messages":[
    ${good("a")},7,{"externalId":"x"},{"sessionExternalId":"s"},
    {"sessionExternalId":"s","externalId":"deep","parts":[{"type":"t","content":${deep}}]},
    {"sessionExternalId":"s","externalId":"${"x".repeat(600)}"},${good("b")}]}`;
  const answer = await ada.post("/sync/batch", body);
  expect(answer.status).toBe(200);
  const { sessions, messages, errors } = await read<Batch>(answer);
  expect({ sessions, messages }).toEqual({ sessions: 1, messages: 2 });
  expect(errors.map((error) => error.replace(/: .*/, ""))).toEqual([
    "sessions[0]",
    "sessions[1]",
    "messages[1]",
    "messages[2]",
    "messages[3]",
    "messages[4]",
    "messages[5]",
  ]);
  expect(errors.join("\n")).toMatch(/messages\[2\]: sessionExternalId is required/);
  expect(errors.join("\n")).toMatch(
    /messages\[4\]: parts\.0\.content is nested deeper than 1000 levels/,
  );
  await settle(t);
  const stored = await read<SessionPage>(ada.get("/api/sessions/s"));
  expect(stored.messages.map(({ externalId }) => externalId)).toEqual(["a", "b"]);
});

test("a batch with more items than an answer could name is refused as a whole", async () => {
  const ada = await person(deployment());
  for (const field of ["sessions", "messages"]) {
    const answer = await ada.post("/sync/batch", { [field]: Array(20_001).fill(1) });
    expect(answer.status).toBe(413);
    const details = [{ path: field, message: "has more than 20000 items" }];
    expect(await read(answer)).toMatchObject({ code: "PAYLOAD_TOO_LARGE", details });
  }
  const answer = await read<Batch>(ada.post("/sync/batch", { messages: Array(20_000).fill(1) }));
  expect(answer.errors).toHaveLength(20_000);
});

describe("an invalid id is refused with the reason", () => {
  const beyond = "is beyond 2^53, where numbers are not exact: send it as a string";
  const kind = "must be text or a number";
  test.each([
    ["a number that another id may have become", '"externalId":9007199254740993', beyond],
    ["a negative one", '"externalId":-9007199254740993', beyond],
    ["a number beyond all", '"externalId":1e999', beyond],
    ["true", '"externalId":true', kind],
    ["a list", '"externalId":["a"]', kind],
    ["nothing", '"externalId":null', "is required"],
    ["white space", '"externalId":"  "', "is required"],
    ["too much", `"externalId":"${"x".repeat(513)}"`, "is longer than 512 characters"],
  ])("%s", async (_, field, fault) => {
    const ada = await person(deployment());
    for (const path of ["/sync/session", "/sync/message"]) {
      const answer = await ada.post(path, `{"sessionExternalId":"s",${field}}`);
      expect(answer.status).toBe(400);
      const { details } = await read<{ details: object[] }>(answer);
      expect(details).toEqual([{ path: "externalId", message: fault }]);
    }
  });

  test("but a valid alias next to it is used, and whole numbers are valid ids", async () => {
    const ada = await person(deployment());
    const body = '{"sessionExternalId":true,"sessionId":9007199254740991,"externalId":{},"id":"m"}';
    expect((await ada.post("/sync/message", body)).status).toBe(200);
    const { messages } = await read<SessionPage>(ada.get("/api/sessions/9007199254740991"));
    expect(messages.map(({ externalId }) => externalId)).toEqual(["m"]);
  });
});

describe("JSON that is nested too deeply does not affect other items, in any field", () => {
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  const good = JSON.stringify(message({ externalId: "good", textContent: "good" }));
  const send = async (fields: string) => {
    const ada = await person(deployment());
    const bad = `{"sessionExternalId":"s","externalId":"bad",${fields}}`;
    const answer = await ada.post("/sync/batch", `{"messages":[${good},${bad}]}`);
    expect(answer.status).toBe(200);
    const { errors } = await read<Batch>(answer);
    const { messages } = await read<SessionPage>(ada.get("/api/sessions/s"));
    const alone = await ada.post("/sync/message", bad);
    return { errors, ids: messages.map(({ externalId }) => externalId), status: alone.status };
  };

  test.each([
    ["content.0", `"content":[{"type":"tool_use","name":"t","input":${deep(2_000)}}]`],
    ["toolCalls.0", `"toolCalls":[{"name":"t","arguments":${deep(2_000)}}]`],
    ["textContent", `"textContent":${deep(8_000)}`],
    ["parts.0.content", `"parts":[{"type":"tool_use","input":${deep(8_000)}}]`],
  ])("%s: the item is named", async (path, fields) => {
    const { errors, ids, status } = await send(fields);
    expect(errors).toEqual([`messages[1]: ${path} is nested deeper than 1000 levels`]);
    expect(ids).toEqual(["good"]);
    expect(status).toBe(400);
  });

  test.each(["role", "model", "createdAt", "promptTokens", "source"])(
    "%s: the field is ignored",
    async (field) => {
      const { errors, ids, status } = await send(`"${field}":${deep(8_000)}`);
      expect(errors).toEqual([]);
      expect(ids).toEqual(["good", "bad"]);
      expect(status).toBe(200);
    },
  );

  test("a session's title: the field is ignored", async () => {
    const ada = await person(deployment());
    const body = `{"externalId":"s","title":${deep(8_000)},"model":"m"}`;
    expect((await ada.post("/sync/session", body)).status).toBe(200);
    const session = await read(ada.get("/api/sessions/s"));
    expect(session).toMatchObject({ model: "m" });
    expect(session).not.toHaveProperty("title");
  });
});

test.each([
  ["/sync/session", {}, "externalId"],
  ["/sync/session", { externalId: "  " }, "externalId"],
  ["/sync/session", { externalId: {} }, "externalId"],
  ["/sync/message", { externalId: "m" }, "sessionExternalId"],
  ["/sync/message", { sessionExternalId: "s", externalId: null }, "externalId"],
  ["/sync/batch", { messages: {} }, "messages"],
])("%s with %j answers 400 and names %s", async (path, body, field) => {
  const ada = await person(deployment());
  const answer = await ada.post(path, body);
  expect(answer.status).toBe(400);
  const error = await read<{ code: string; details: { path: string }[] }>(answer);
  expect(error.code).toBe("INVALID_REQUEST");
  expect(error.details.map(({ path: at }) => at)).toContain(field);
});

test("2,500 messages in one body are all stored, in the order of the array", async () => {
  const t = deployment();
  const ada = await person(t);
  const messages = Array.from({ length: 2_500 }, (_, i) =>
    message({ externalId: `m${i}`, textContent: `t${i}` }),
  );
  const answer = await read<Batch>(ada.post("/sync/batch", { sessions: [], messages }));
  expect(answer).toMatchObject({ ok: true, messages: 2_500, errors: [] });
  await settle(t);
  const pages = await pagesOfSession(ada, "s");
  expect(pages.map(({ messageCount }) => messageCount)).toEqual(pages.map(() => 2_500));
  const stored = pages.flatMap((page) => page.messages.map(({ externalId }) => externalId));
  expect(stored).toEqual(messages.map(({ externalId }) => externalId));
}, 60_000);
