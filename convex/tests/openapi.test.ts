import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { endpoints } from "../http";
import { deployment, eachTestAt } from "../test.setup";
import { examples } from "../wire/examples";
import { type Document, operations, readDocument, validatorOf } from "./openapi.fixture";

eachTestAt(Date.UTC(2026, 0, 22, 12));

const document = (): Promise<Document> => readDocument(deployment());

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
  const emptyIsValid = ["exportByBody", "updateSession", "receiveWorkosWebhook"];
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
      if (one.in === "query") expect(one.name).toBe(one.name.toLowerCase());
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
