import { beforeEach, describe, expect, test } from "vitest";
import { endpoints } from "../http";
import { conversation, deployment, eachTestAt, person, read, settle } from "../test.setup";
import type { Deployment, Person } from "../test.setup";
import { examples } from "../wire/examples";
import { refusesUnknownNames } from "../wire/route";

const NOW = Date.UTC(2026, 0, 22, 12);
eachTestAt(NOW);

type ErrorBody = { code: string; message: string; details?: { path: string; message: string }[] };

let t: Deployment;
let ada: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
});

async function refused(answer: Promise<Response>): Promise<ErrorBody> {
  const { status } = await answer;
  const body = await read<ErrorBody>(answer);
  expect([status, body.code]).toEqual([400, expect.any(String)]);
  return body;
}

const strict = endpoints.filter(({ route }) => refusesUnknownNames(route));

describe("an unknown parameter", () => {
  test.each(strict.map(({ route }) => [`${route.method} ${route.path}`, route] as const))(
    "is refused by %s, which names it",
    async (_, route) => {
      const { param = "", body, query = {} } = examples[route.name] ?? {};
      const search = new URLSearchParams({ ...query, zzqx: "1" }).toString();
      const path = `${route.path.replace(/:\w+/, encodeURIComponent(param))}?${search}`;
      const error = await refused(
        ada.send(route.method, path, route.method === "GET" ? undefined : body),
      );
      expect(error).toMatchObject({ code: "UNKNOWN_PARAMETER", details: [{ path: "zzqx" }] });
    },
  );

  test.each([
    ["/api/export?anonimize=true", "anonimize", "did you mean anonymize?"],
    ["/api/export?sessionId=s", "sessionId", "did you mean session_ids?"],
    ["/api/sessions?projct=x", "projct", "did you mean project?"],
    ["/api/sessions?projectNames=x", "projectNames", "did you mean project?"],
    ["/api/context?q=x&max_token=500", "max_token", "did you mean max_tokens?"],
    ["/api/stats?form=2026-01-01", "form", "did you mean from?"],
    ["/api/sessions?wibbly=1", "wibbly", "this takes limit, cursor"],
    ["/api/sessions/s?limits=5", "limits", "messages_limit"],
  ])("%s is refused, and the nearest name told", async (path, name, hint) => {
    const error = await refused(ada.get(path));
    expect(error.code).toBe("UNKNOWN_PARAMETER");
    expect(error.details?.[0]?.path).toBe(name);
    expect(error.message).toContain(hint);
  });

  test("of a request with a wrong key does not tell that the key is wrong last: it is 401", async () => {
    const headers = { Authorization: "Bearer osk_wrong" };
    expect((await t.fetch("/api/sessions?wibbly=1", { headers })).status).toBe(401);
  });

  test("in a search body is refused, and the nearest filter told", async () => {
    const error = await refused(ada.post("/search", { query: "x", projekt: "p" }));
    expect(error).toMatchObject({ code: "UNKNOWN_PARAMETER", details: [{ path: "projekt" }] });
    expect(error.message).toContain("did you mean project?");
  });

  test("does not delete a session that was meant to be kept", async () => {
    await ada.post("/sync/session", { externalId: "s" });
    await refused(ada.send("DELETE", "/api/sessions/s?dryRun=true", undefined));
    expect((await ada.get("/api/sessions/s")).status).toBe(200);
  });

  test("is ignored by /sync/*, because plugins cannot be corrected, and by open pages", async () => {
    expect((await ada.post("/sync/session?v=2", { externalId: "s", odd: 1 })).status).toBe(200);
    expect((await ada.get("/sync/sessions/list?v=2")).status).toBe(200);
    expect((await t.fetch("/health?probe=1")).status).toBe(200);
    expect((await t.fetch("/s/none?utm_source=mail")).status).toBe(404);
  });
});

describe("a name", () => {
  test("counts in snake_case and camelCase, in British and American spelling", async () => {
    await ada.post("/sync/batch", conversation("s", ["mail ada@example.com", "done"]));
    await settle(t);
    for (const query of ["anonymise=true", "anonymize=true"]) {
      for (const ids of ["session_ids=s", "sessionIds=s"]) {
        const answer = await ada.get(`/api/export?${query}&${ids}&format=jsonl`);
        expect(answer.status).toBe(200);
        const text = await answer.text();
        // The random name that stands for the address may itself end in "ada".
        expect(text).toMatch(/\bmail-[0-9a-f]{12}@example\.com/);
        expect(text).not.toMatch(/\bada@/);
      }
    }
    expect((await ada.get("/api/context?q=mail&maxTokens=500")).status).toBe(200);
    expect((await ada.post("/search", { query: "mail", min_tokens: 0 })).status).toBe(200);
  });

  test("of an older client is served and marked as deprecated in the document", async () => {
    type Parameter = { name: string; deprecated?: boolean };
    type Paths = { [path: string]: { get: { parameters: Parameter[] } } };
    const { paths } = await read<{ paths: Paths }>(t.fetch("/openapi.json"));
    const parameters = paths["/api/export"]?.get.parameters ?? [];
    const named = (name: string) => parameters.find((one) => one.name === name);
    expect(named("tag")?.deprecated).toBeUndefined();
    expect(named("session_ids")?.deprecated).toBeUndefined();
    for (const name of ["tags", "tool", "date_from", "turn_mode", "project_name"]) {
      expect([name, named(name)?.deprecated]).toEqual([name, true]);
    }
    for (const { name } of parameters) {
      expect((await ada.get(`/api/export?${name}=`)).status).not.toBe(500);
      const error = await read<ErrorBody>(ada.get(`/api/export?${name}=zz`));
      expect([name, error.code]).not.toEqual([name, "UNKNOWN_PARAMETER"]);
    }
  });
});

describe("a repeated parameter", () => {
  test("is a list where a list is meant", async () => {
    for (const id of ["a", "b", "c"]) {
      await ada.post("/sync/batch", conversation(id, [`about ${id}`, "done"]));
    }
    await settle(t);
    const answer = await ada.get("/api/export?session_ids=a&session_ids=b&format=jsonl");
    expect(answer.headers.get("X-Export-Sessions")).toBe("2");
    await ada.send("PATCH", "/api/sessions/a", { evalTags: ["x"] });
    await ada.send("PATCH", "/api/sessions/c", { evalTags: ["y"] });
    const tagged = await ada.get("/api/export?all=true&tag=x&tag=y&format=jsonl");
    expect(tagged.headers.get("X-Export-Sessions")).toBe("2");
  });

  test.each([
    "/api/sessions?limit=5&limit=6",
    "/api/sessions?source=a&source=b",
    "/api/sessions?source=a&tool=b",
  ])("%s is refused, because it takes one value", async (path) => {
    const error = await refused(ada.get(path));
    expect(error.code).toBe("INVALID_REQUEST");
    expect(error.message).toContain("takes one value");
  });

  test("under two names with one value counts once", async () => {
    expect((await ada.get("/api/sessions?source=a&tool=a")).status).toBe(200);
  });
});

describe("a value that cannot be read is refused, and the parameter named as it was sent", () => {
  test.each([
    ["/api/sessions?limit=abc", "limit"],
    ["/api/sessions?limit=-1", "limit"],
    ["/api/sessions?limit=1.5", "limit"],
    ["/api/sessions?limit=NaN", "limit"],
    ["/api/search?q=x&limit=ten", "limit"],
    ["/api/context?q=x&maxTokens=many", "maxTokens"],
    ["/api/files?path=a.ts&limit=-3", "limit"],
    ["/api/docs/search?q=x&limit=1.5", "limit"],
    ["/api/sessions/s?messages_limit=x", "messages_limit"],
    ["/api/export?limit=1.5", "limit"],
    ["/api/export?minTokens=x", "minTokens"],
    ["/api/export?all=perhaps", "all"],
    ["/api/sessions?from=yesterday", "from"],
    ["/api/sessions?date_to=31.12.2025", "date_to"],
    ["/api/context?q=x&from=2026-13-01", "from"],
    ["/api/sessions?status=great", "status"],
    ["/api/sessions?state=done", "state"],
    ["/api/context?q=x&format=pdf", "format"],
  ])("%s", async (path, name) => {
    const error = await refused(ada.get(path));
    expect(error).toMatchObject({ code: "INVALID_REQUEST", details: [{ path: name }] });
  });

  test("also in a search body", async () => {
    const error = await refused(ada.post("/search", { query: "x", limit: "many" }));
    expect(error).toMatchObject({ code: "INVALID_REQUEST", details: [{ path: "limit" }] });
  });
});

test.each([{}, { session: { externalId: "s" } }, { items: [] }])(
  "a batch without a list of sessions or messages is refused: %j",
  async (body) => {
    const error = await refused(ada.post("/sync/batch", body));
    expect(error.message).toContain("sessions or messages is required");
  },
);

test.each([{ sessions: [] }, { messages: null }, { sessions: null, messages: [] }])(
  "a batch with an empty list stores nothing and is accepted: %j",
  async (body) => {
    expect(await read(ada.post("/sync/batch", body))).toMatchObject({ ok: true, sessions: 0 });
  },
);

describe("one filter", () => {
  beforeEach(async () => {
    const at = (hours: number) => NOW - hours * 3_600_000;
    const about = {
      a: { source: "claude-code", model: "m-1", projectName: "p", gitBranch: "main", host: "h" },
      b: { source: "codex", model: "m-2", projectName: "q", gitBranch: "dev", endReason: "exit" },
    };
    for (const [id, fields] of Object.entries(about)) {
      const createdAt = id === "a" ? at(0) - 60_000 : at(50);
      await ada.post(
        "/sync/batch",
        conversation(id, ["flaky upload", "done"], { ...fields, createdAt }),
      );
    }
    await ada.post("/sync/session", { externalId: "a", totalTokens: 900 });
    await settle(t);
    await ada.send("PATCH", "/api/sessions/a", { evalTags: ["x"], evalStatus: "golden" });
  });

  const list = async (filter: string) => {
    const { sessions } = await read<{ sessions: { externalId: string }[] }>(
      ada.get(`/api/sessions?${filter}`),
    );
    return sessions.map(({ externalId }) => externalId);
  };
  const search = async (filter: string) => {
    const { results } = await read<{ results: { externalId: string }[] }>(
      ada.get(`/api/search?q=flaky+upload&${filter}`),
    );
    return results.map(({ externalId }) => externalId);
  };
  const context = async (filter: string) => {
    const { context: passages } = await read<{ context: { externalId: string }[] }>(
      ada.get(`/api/context?q=flaky+upload&${filter}`),
    );
    return Array.from(new Set(passages.map(({ externalId }) => externalId)));
  };
  const exported = async (filter: string) => {
    const text = await (await ada.get(`/api/export?all=true&format=jsonl&${filter}`)).text();
    return ["a", "b"].filter((id) => text.includes(`"${id}-0"`));
  };

  test.each([
    "source=claude-code",
    "model=m-1",
    "project=p",
    "branch=main",
    "gitBranch=main",
    "host=h",
    "tag=x",
    "tag=x,y",
    "status=golden",
    "from=2026-01-22",
    "min_tokens=900",
    "state=active",
  ])("%s selects the same session in lists, searches, contexts and exports", async (filter) => {
    for (const ask of [list, search, context, exported]) {
      expect([ask, await ask(filter)]).toEqual([ask, ["a"]]);
    }
  });

  test.each(["source=codex", "to=2026-01-21", "state=ended"])(
    "%s selects the other",
    async (filter) => {
      for (const ask of [list, search, context, exported]) expect(await ask(filter)).toEqual(["b"]);
    },
  );

  test.each(["source=claude-code", "model=m-1", "project=p"])(
    "%s narrows statistics",
    async (filter) => {
      const all = await read<{ totals: { sessions: number } }>(ada.get("/api/stats"));
      const some = await read<{ totals: { sessions: number } }>(ada.get(`/api/stats?${filter}`));
      expect([all.totals.sessions, some.totals.sessions]).toEqual([2, 1]);
    },
  );

  test("statistics refuse what they are not summed by", async () => {
    expect(await refused(ada.get("/api/stats?tag=x"))).toMatchObject({ code: "UNKNOWN_PARAMETER" });
  });

  test("of someone else selects nothing of mine", async () => {
    const eve = await person(t, "eve@example.com");
    const answer = await read<{ sessions: object[] }>(eve.get("/api/sessions?tag=x&status=golden"));
    expect(answer.sessions).toEqual([]);
  });
});
