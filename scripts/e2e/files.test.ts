import { afterAll, beforeAll, expect, test } from "vitest";
import { conversation, read } from "../../convex/test.setup.ts";
import type { FilesAnswer } from "../../convex/wire/files.ts";
import { startTestEngine, type TestEngine, type TestUser } from "../local/testing.ts";

/** Which sessions touched a file, over HTTP, on the local engine's text index. */

let engine: TestEngine;
let ada: TestUser;

/** Calls that touch `src/cart.ts`, as each dialect writes them. */
const DIALECTS: { [name: string]: { parts: object[]; use: string } } = {
  anthropic: {
    parts: [
      {
        type: "tool_use",
        id: "c",
        name: "Edit",
        input: { file_path: "/home/ada/shop/src/cart.ts", old_string: "a", new_string: "b" },
      },
    ],
    use: "changed",
  },
  opencode: {
    parts: [
      {
        type: "tool",
        tool: "read",
        callID: "c",
        state: {
          status: "completed",
          input: { filePath: "/home/ada/shop/src/cart.ts" },
          output: "…",
        },
      },
    ],
    use: "read",
  },
  codex: {
    parts: [
      {
        type: "custom_tool_call",
        name: "apply_patch",
        call_id: "c",
        input: "*** Begin Patch\n*** Update File: src/cart.ts\n@@\n-a\n+b\n*** End Patch",
      },
    ],
    use: "changed",
  },
  gemini: {
    parts: [
      {
        functionCall: { name: "read_file", args: { absolute_path: "/home/ada/shop/src/cart.ts" } },
      },
    ],
    use: "read",
  },
  plugin: {
    parts: [
      {
        type: "tool-call",
        content: {
          toolName: "Write",
          args: { file_path: "/home/ada/shop/src/cart.ts", content: "x" },
        },
      },
    ],
    use: "changed",
  },
  openai: {
    parts: [
      {
        type: "function",
        id: "c",
        function: { name: "read_file", arguments: '{"path":"src/cart.ts"}' },
      },
    ],
    use: "read",
  },
};

beforeAll(async () => {
  engine = await startTestEngine({ embeddings: false });
  ada = await engine.createUser();
  const sync = (json: object) => engine.request("/sync/batch", { key: ada.apiKey, json });
  for (const [name, { parts }] of Object.entries(DIALECTS)) {
    await sync(conversation(name, ["Look at it", { role: "assistant", parts }]));
  }
  await sync(conversation("words", ["What does src/cart.ts do?", "It adds up."]));
  await sync(conversation("other", ["What does src/cartography.ts do?"]));
  await engine.settle();
});
afterAll(() => engine.stop());

const get = (path: string, who = ada) => engine.request(path, { key: who.apiKey });
const files = (query: string, who = ada) => read<FilesAnswer>(get(`/api/files?${query}`, who));

test.each(Object.keys(DIALECTS))(
  "a file is found by what a call of the dialect %s did with it",
  async (name) => {
    const { sessions, truncated } = await files("path=src/cart.ts&limit=50");
    const { id } = await read<{ id: string }>(get(`/api/sessions/${name}`));
    const found = sessions.find(({ sessionId }) => sessionId === id);
    expect(found?.mentions.map(({ use }) => use)).toEqual([DIALECTS[name]?.use]);
    expect(truncated).toBe(false);
  },
);

test("sessions that changed it come first, and a file with a longer name is another one", async () => {
  const { sessions } = await files("path=/home/ada/shop/src/cart.ts&limit=50");
  expect(sessions).toHaveLength(7);
  const uses = sessions.map(({ mentions }) => mentions[0]?.use);
  expect(uses).toEqual(["changed", "changed", "changed", "read", "read", "read", "mentioned"]);
});

test("another user's sessions are never listed, and a path is required", async () => {
  const eve = await engine.createUser();
  expect((await files("path=src/cart.ts", eve)).sessions).toEqual([]);
  for (const query of ["", "path=", "path=/"]) {
    expect((await get(`/api/files?${query}`)).status).toBe(400);
  }
});
