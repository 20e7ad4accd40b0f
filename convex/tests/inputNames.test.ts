import { beforeEach, describe, expect, test } from "vitest";
import { snakeCase } from "../lib/caseNames";
import { MessageInput, SessionInput } from "../wire/sync";
import { deployment, eachTestAt, person, read, rows } from "../test.setup";
import type { Deployment, Person } from "../test.setup";

/** Sends fields under their names in snake_case, as plugins in Python, Go and Rust write them. */

eachTestAt(Date.UTC(2026, 10, 22, 12));

const CREATED_AT = Date.UTC(2026, 10, 1);

let t: Deployment;
let ada: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
});

type Answer = {
  warnings?: { path: string; message: string }[];
  failures?: object[];
};

describe("a name in snake_case", () => {
  test("keeps the text, the time and the tokens of a message", async () => {
    const sent = {
      ...{ session_external_id: "s", external_id: "m", role: "user", text_content: "hi" },
      ...{ created_at: "2026-11-01T00:00:00Z", input_tokens: 5, output_tokens: 6 },
    };
    expect(await read(ada.post("/sync/message", sent))).not.toHaveProperty("warnings");
    expect(await rows(t, "messages")).toEqual([
      expect.objectContaining({
        ...{ externalId: "m", textContent: "hi", createdAt: CREATED_AT },
        ...{ promptTokens: 5, completionTokens: 6 },
      }),
    ]);
    expect(await rows(t, "sessions")).toEqual([expect.objectContaining({ externalId: "s" })]);
  });

  test.each([
    [{ session_id: "s", message_id: "m", started_at: CREATED_AT }],
    [{ session_id: "s", id: "m", timestamp: CREATED_AT }],
  ])("of an alias identifies a message and dates it: %j", async (sent) => {
    expect(await read(ada.post("/sync/message", sent))).not.toHaveProperty("warnings");
    const [message] = await rows(t, "messages");
    expect(message).toMatchObject({ externalId: "m", createdAt: CREATED_AT });
  });

  test.each([["external_id"], ["session_id"]])("identifies a session: %s", async (name) => {
    const sent = { [name]: "s", parent_session_id: "p", started_at: CREATED_AT };
    expect(await read(ada.post("/sync/session", sent))).not.toHaveProperty("warnings");
    const [session] = await rows(t, "sessions");
    expect(session).toMatchObject({ externalId: "s", parentExternalId: "p" });
    expect(session?.createdAt).toBe(CREATED_AT);
  });

  test.each([
    ["session", SessionInput],
    ["message", MessageInput],
  ] as const)("is a known field for each name of a %s", (_, { in: { shape } }) => {
    const names = Object.keys(shape);
    expect(names.map(snakeCase).filter((name) => !names.includes(name))).toEqual([]);
  });

  test("gives way to the one in camelCase, unless that one has no value", async () => {
    const both = { textContent: "camel", text_content: "snake", promptTokens: 3 };
    const ids = { sessionExternalId: "s", session_external_id: "x", externalId: "m" };
    await ada.post("/sync/message", { ...ids, ...both, prompt_tokens: 9, input_tokens: 9 });
    await ada.post("/sync/message", {
      ...ids,
      externalId: "n",
      textContent: null,
      text_content: "snake",
    });
    const [first, second] = await rows(t, "messages");
    expect(first).toMatchObject({ externalId: "m", textContent: "camel", promptTokens: 3 });
    expect(second).toMatchObject({ externalId: "n", textContent: "snake" });
    expect(await rows(t, "sessions")).toHaveLength(1);
  });

  test("of the documented name wins over an alias", async () => {
    const ids = { session_external_id: "s", session_id: "x", external_id: "m", id: "row 7" };
    await ada.post("/sync/message", { ...ids, created_at: CREATED_AT, timestamp: CREATED_AT + 1 });
    expect(await rows(t, "messages")).toEqual([
      expect.objectContaining({ externalId: "m", createdAt: CREATED_AT }),
    ]);
    expect(await rows(t, "sessions")).toEqual([expect.objectContaining({ externalId: "s" })]);
  });

  test("names the item of a batch that failed", async () => {
    const messages = [{ session_external_id: "s", parts: [] }, { external_id: "m" }];
    const { failures } = await read<Answer>(ada.post("/sync/batch", { messages }));
    expect(failures).toEqual([
      expect.objectContaining({ index: 0, sessionExternalId: "s" }),
      expect.objectContaining({ index: 1, externalId: "m" }),
    ]);
  });

  test("is not proposed beside its equal in camelCase, nor a field that was sent in it", async () => {
    const sent = {
      external_id: "s",
      title: "x",
      project_pth: "/p",
      projectnme: "p",
      project_name: "q",
    };
    const { warnings = [] } = await read<Answer>(ada.post("/sync/session", sent));
    expect(warnings.map(({ path, message }) => [path, /mean (\w+)/.exec(message)?.[1]])).toEqual([
      ["project_pth", "projectPath"],
      ["projectnme", "projectPath"],
    ]);
  });
});
