import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { deployment, person, settle } from "./test.setup";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 22, 12) });
});
afterEach(() => {
  vi.useRealTimers();
});

test("a message that was sent is read back over HTTP, its tool arguments equal", async () => {
  const t = deployment();
  const ada = await person(t);
  const args = { $schema: "x", "": 1, _id: 2, 日本: [null, { deep: true }] };
  await ada.post("/sync/message", {
    sessionExternalId: "s1",
    externalId: "m1",
    role: "user",
    textContent: "hi there",
    parts: [{ type: "tool-call", content: { toolName: "Read", args } }],
  });
  await settle(t);
  const session = await (await ada.get("/api/sessions/s1")).json();
  expect(session).toMatchObject({
    externalId: "s1",
    messageCount: 1,
    messages: [
      {
        externalId: "m1",
        textContent: "hi there",
        parts: [{ type: "tool-call", content: { toolName: "Read", args } }],
      },
    ],
    messagesCursor: null,
  });
});
