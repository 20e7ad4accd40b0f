import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv2020 from "ajv/dist/2020";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { api } from "../_generated/api";
import { endpoints } from "../http";
import { deployment, eachTestAt, person, read, settle } from "../test.setup";
import { examples, type Example } from "../wire/examples";

type Media = { [type: string]: { schema: object; example?: unknown } };
type Operation = {
  operationId: string;
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; schema: object }[];
  requestBody?: { content: Media };
  responses: { [status: string]: { content: Media; headers?: object } };
};
type Document = {
  paths: { [path: string]: { [method: string]: Operation } };
  components: { schemas: object };
};

eachTestAt(Date.UTC(2026, 0, 22, 12));
beforeEach(() => {
  vi.stubEnv("JWKS", '{"keys":[]}');
});

async function document(t = deployment()): Promise<Document> {
  return await read<Document>(t.fetch("/openapi.json"));
}

function operations(doc: Document) {
  return Object.entries(doc.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

/** Creates a validator for schemas of the document that resolves references within it. */
function validatorOf(doc: Document) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  return (schema: object, value: unknown) => {
    const validate = ajv.compile({ ...schema, components: doc.components });
    return validate(value) ? [] : (validate.errors ?? []);
  };
}

test("the document is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate(await document());
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
});

test("the document contains exactly the routes that are served", async () => {
  const described = operations(await document()).map(
    ({ path, method }) => `${method.toUpperCase()} ${path}`,
  );
  const served = endpoints.map(
    ({ route }) => `${route.method} ${route.path.replace(/:(\w+)/g, "{$1}")}`,
  );
  expect(described.sort()).toEqual(served.sort());
});

test("operation names are unique, and public operations are marked as such", async () => {
  const all = operations(await document());
  expect(new Set(all.map(({ operation }) => operation.operationId)).size).toBe(all.length);
  for (const { operation } of all) {
    const { route } = endpoints.find(({ route }) => route.name === operation.operationId) ?? {};
    expect(operation.security).toEqual(route?.access === "public" ? [] : undefined);
    expect(operation.responses).toHaveProperty(route?.access === "public" ? "500" : "401");
  }
});

test("the document describes every field that clients may send", async () => {
  const parameters = operations(await document()).flatMap(({ operation }) =>
    (operation.parameters ?? []).map((one) => ({ of: operation.operationId, ...one })),
  );
  expect(parameters.length).toBeGreaterThan(10);
  const undescribed = parameters.filter(({ schema }) => Object.keys(schema).length === 0);
  expect(undescribed.map(({ of, name }) => `${of}: ${name}`)).toEqual([]);
});

test("requests without what is required do not match the document", async () => {
  const doc = await document();
  const errorsOf = validatorOf(doc);
  const bodies = operations(doc).flatMap(({ operation }) => {
    const schema = operation.requestBody?.content["application/json"]?.schema;
    return schema ? [{ name: operation.operationId, schema }] : [];
  });
  expect(bodies.length).toBeGreaterThan(6);
  /** These have nothing that is required: an export takes all that is ready, an edit may change nothing. */
  const emptyIsValid = ["exportByBody", "updateSession", "bulkSessions", "receiveWorkosWebhook"];
  for (const { name, schema } of bodies) {
    expect([name, errorsOf(schema, [42])]).not.toEqual([name, []]);
    if (!emptyIsValid.includes(name)) expect([name, errorsOf(schema, {})]).not.toEqual([name, []]);
  }
});

test("answers may get further fields, and requests with unknown fields are refused", async () => {
  const doc = await document();
  const answers = operations(doc).map(({ operation }) => operation.responses["200"]);
  expect(JSON.stringify(answers)).not.toContain('"additionalProperties":false');
  for (const name of ["Session", "Message", "Error", "SearchResult"]) {
    const schemas = doc.components.schemas as { [name: string]: object };
    expect(JSON.stringify(schemas[name])).not.toContain('"additionalProperties":false');
  }
  const errorsOf = validatorOf(doc);
  const search = doc.paths["/api/search"]?.["post"]?.requestBody?.content["application/json"];
  expect(errorsOf(search?.schema ?? {}, { query: "x", projekt: "p" })).not.toEqual([]);
  expect(errorsOf(search?.schema ?? {}, { query: "x", project: "p" })).toEqual([]);
});

test("every operation has a summary, a tag and described parameters; older names are deprecated", async () => {
  type Described = { description?: string; deprecated?: boolean; name: string; in: string };
  for (const { operation } of operations(await document())) {
    const { operationId: name } = operation;
    expect(operation).toMatchObject({
      summary: expect.stringMatching(/^[A-Z]/) as string,
      tags: [expect.stringMatching(/^[a-z.]/) as string],
    });
    for (const one of (operation.parameters ?? []) as unknown as Described[]) {
      if (one.in === "path") continue;
      expect([name, one.name, one.description ?? ""]).not.toEqual([name, one.name, ""]);
      const isAlias = one.description?.startsWith("Alias of") ?? false;
      expect([name, one.name, one.deprecated ?? false]).toEqual([name, one.name, isAlias]);
      expect(one.name).toBe(one.name.toLowerCase());
    }
  }
});

const callers = endpoints.filter(({ route }) => route.access === "caller" || !route.rawBody);

test("every route that takes input has an example", () => {
  const without = callers.filter(
    ({ route }) => (route.query ?? route.body ?? route.path.includes(":")) && !examples[route.name],
  );
  expect(without.map(({ route }) => route.name)).toEqual([]);
});

describe("examples", () => {
  test("are accepted, and each answer matches the document", async () => {
    vi.stubEnv("RATE_LIMIT_SYNC", "1000");
    const t = deployment();
    const ada = await person(t);
    const doc = await document(t);
    const errorsOf = validatorOf(doc);
    const slug = await share(t, ada);
    const isLast = ({ method }: { method: string }) => Number(method === "delete");
    const inOrder = operations(doc).sort((a, b) => isLast(a) - isLast(b));
    for (const { path, method, operation } of inOrder) {
      const name = operation.operationId;
      if (name === "receiveWorkosWebhook") continue;
      const { body, query = {}, ...example } = examples[name] ?? {};
      const param = name === "getShared" ? slug : (example.param ?? "");
      const media = operation.requestBody?.content["application/json"];
      if (media) expect([name, errorsOf(media.schema, body)]).toEqual([name, []]);
      const url = addressOf(path, { query, param });
      const answer = await ada.send(method.toUpperCase(), url, body);
      expect([name, answer.status]).toEqual([name, 200]);
      const type = (answer.headers.get("Content-Type") ?? "").split(";")[0] ?? "";
      const { content, headers } = operation.responses["200"] ?? { content: {} };
      expect([name, Object.keys(content)]).toEqual([name, expect.arrayContaining([type])]);
      for (const header of Object.keys(headers ?? {}))
        expect(answer.headers.has(header)).toBe(true);
      if (type === "application/json" && content[type]) {
        const problems = errorsOf(content[type].schema, await answer.json());
        expect([name, problems]).toEqual([name, []]);
      }
      await settle(t);
    }
  });

  test("error answers match the document", async () => {
    const t = deployment();
    const doc = await document(t);
    const errorsOf = validatorOf(doc);
    for (const { path, method, operation } of operations(doc)) {
      if (operation.security) continue;
      const url = addressOf(path, examples[operation.operationId] ?? {});
      const answer = await t.fetch(url, { method: method.toUpperCase() });
      expect([operation.operationId, answer.status]).toEqual([operation.operationId, 401]);
      expect(answer.headers.get("WWW-Authenticate")).toContain("Bearer");
      const { content } = operation.responses["401"] ?? { content: {} };
      const schema = content["application/json"]?.schema ?? {};
      expect(errorsOf(schema, await answer.json())).toEqual([]);
    }
  });
});

function addressOf(path: string, { query = {}, param = "" }: Example): string {
  const search = new URLSearchParams(query).toString();
  return path.replace(/\{\w+\}/, encodeURIComponent(param)) + (search ? `?${search}` : "");
}

/** Stores and shares the session of the examples first, because some routes read it. */
async function share(t: ReturnType<typeof deployment>, ada: Awaited<ReturnType<typeof person>>) {
  await ada.post("/sync/batch", examples.syncBatch?.body);
  await settle(t);
  const { id } = await read<{ id: string }>(ada.get(`/api/sessions/${examples.getSession?.param}`));
  const shared = await ada.dashboard.mutation(api.sessions.setVisibility, {
    sessionId: id,
    isPublic: true,
  });
  return shared.publicSlug ?? "";
}
