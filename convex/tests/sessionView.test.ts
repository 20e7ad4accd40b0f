import { beforeEach, describe, expect, test } from "vitest";
import { conversation, deployment, eachTestAt, person, read, settle } from "../test.setup";
import type { Deployment, Person } from "../test.setup";
import { COMPACT_FIELDS } from "../wire/sessionView";

eachTestAt(Date.UTC(2026, 0, 22, 12));

let t: Deployment;
let ada: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
  const fields = { title: "A", projectName: "p", model: "m", cost: 1, totalTokens: 5 };
  await ada.post("/sync/batch", conversation("a", ["Hi", "Hello"], fields));
  await settle(t);
});

type Answer = { [field: string]: unknown };
const first = async (query: string) =>
  (await read<{ sessions: Answer[] }>(ada.get(`/api/sessions?${query}`))).sessions[0] ?? {};

describe("fields of sessions", () => {
  test("view=compact answers those of a line, with the values that the full view has", async () => {
    const [full, compact] = [await first(""), await first("view=compact")];
    expect(Object.keys(compact).sort()).toEqual([...COMPACT_FIELDS].sort());
    expect(full).toMatchObject(compact);
    expect(await first("view=full")).toEqual(full);
  });

  test.each(["fields=title,cost", "fields=title&fields=cost", "fields=cost,title,id"])(
    "%s answers these, and the id",
    async (query) => {
      const found = await first(query);
      expect(found).toEqual({ id: expect.any(String) as string, title: "A", cost: 1 });
    },
  );

  test("of one session are chosen too; its messages are always there, and it is not repeated", async () => {
    for (const path of ["/api/sessions/a?", "/api/sessions/get?id=a&"]) {
      const found = await read(ada.get(`${path}fields=title`));
      expect(Object.keys(found).sort()).toEqual(["id", "messages", "messagesCursor", "title"]);
      expect(found.messages).toHaveLength(2);
    }
    const compact = await read(ada.get("/api/sessions/a?view=compact&messages_limit=1"));
    expect(compact).toMatchObject({ title: "A", messageCount: 2 });
    expect(compact).not.toHaveProperty("session");
  });

  test.each([
    ["/api/sessions?fields=titel", "fields has no titel; did you mean title?"],
    ["/api/sessions/a?fields=title,totalToken", "did you mean totalTokens?"],
    ["/api/sessions?fields=wibbly", "use some of id"],
    ["/api/sessions?view=tiny", "view must be one of full, compact"],
  ])("%s is refused, and the nearest name told", async (path, message) => {
    const answer = await ada.get(path);
    expect(answer.status).toBe(400);
    expect((await read<{ message: string }>(answer)).message).toContain(message);
  });

  test.each(["/api/sessions?", "/api/sessions/a?"])(
    "each view of %s has a tag of its own, and links keep the view",
    async (path) => {
      const tags = new Set<string | null>();
      for (const query of ["", "view=compact", "fields=title", "fields=title,cost"]) {
        const answer = await ada.get(path + query);
        tags.add(answer.headers.get("ETag"));
      }
      expect(tags).not.toContain(null);
      expect(tags.size).toBe(4);
      await ada.post("/sync/batch", conversation("b", ["Hi", "Hello"]));
      await settle(t);
      const limit = path.includes("/a?") ? "messages_limit=1" : "limit=1";
      const { headers } = await ada.get(`${path}${limit}&view=compact`);
      expect(headers.get("Link")).toContain("view=compact");
    },
  );
});
