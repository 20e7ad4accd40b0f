import { expect, test } from "vitest";
import { formats } from "../exports";
import { deployment, eachTestAt } from "../test.setup";
import { EXPORT_DOCUMENTS } from "../wire/exportDocuments";
import { keysOf } from "../lib/record";
import { answerExamples } from "../wire/answerExamples";
import { endpoints } from "../http";
import {
  answerOf,
  type Document,
  operations,
  readDocument,
  type Schema,
  validatorOf,
} from "./openapi.fixture";

eachTestAt(Date.UTC(2026, 0, 22, 12));

/** A field or parameter with the place where it stands. */
type Place = { at: string; schema: Schema; description?: string };

/** Words that say what a number counts or measures. */
const UNITS =
  /epoch ms|milliseconds|seconds|a minute|tokens|US dollars|number of|version|0–1|0–23|from [01]\b|most |maximum|per (?:page|answer|request)|how many|position/i;

/** The fields of a schema, and those of the schemas in it. */
function fieldsOf(schema: Schema, at: string): Place[] {
  const own = Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    at: `${at}.${name}`,
    schema: field,
    description: field.description,
  }));
  const keywords = ["items", "additionalProperties", "contentSchema"];
  const lists = ["anyOf", "oneOf", "allOf"];
  const inner = [
    ...keywords.flatMap((keyword) => [schema[keyword]]),
    ...lists.flatMap((keyword) => (schema[keyword] ?? []) as unknown[]),
  ].filter((one): one is Schema => typeof one === "object" && one !== null);
  return [
    ...own,
    ...own.flatMap((field) => fieldsOf(field.schema, field.at)),
    ...inner.flatMap((one) => fieldsOf(one, at)),
  ];
}

function allFields(doc: Document): Place[] {
  const inOperations = operations(doc).flatMap(({ operation }) => {
    const { operationId: name, parameters = [], requestBody, responses } = operation;
    const bodies = [requestBody, ...Object.values(responses)].flatMap((one) =>
      Object.values(one?.content ?? {}),
    );
    return [
      ...parameters.map(({ schema, description, name: own }) => ({
        at: `${name}?${own}`,
        schema,
        description,
      })),
      ...bodies.flatMap(({ schema }) => fieldsOf(schema, name)),
    ];
  });
  const named = Object.entries(doc.components.schemas);
  return [...inOperations, ...named.flatMap(([name, schema]) => fieldsOf(schema, name))];
}

test("every field of every request and answer is described", async () => {
  const fields = allFields(await readDocument(deployment()));
  expect(fields.length).toBeGreaterThan(500);
  const undescribed = fields.filter(
    ({ schema, description = "" }) => schema.$ref === undefined && description === "",
  );
  expect(undescribed.map(({ at }) => at)).toEqual([]);
});

test("every number says what it counts or measures", async () => {
  const isNumber = ({ type = [] }: Schema) =>
    [type].flat().some((one) => /number|integer/.test(one));
  const numbers = allFields(await readDocument(deployment())).filter(
    ({ schema, description = "" }) => isNumber(schema) && !description.startsWith("Alias of"),
  );
  expect(numbers.length).toBeGreaterThan(100);
  const without = numbers.filter(({ description = "" }) => !UNITS.test(description));
  expect(without.map(({ at, description }) => [at, description])).toEqual([]);
});

test("every named schema is described", async () => {
  const { schemas } = (await readDocument(deployment())).components;
  const without = Object.entries(schemas).filter(([, { description }]) => !description);
  expect(without.map(([name]) => name)).toEqual([]);
});

test("every JSON answer has an example that matches it", async () => {
  const doc = await readDocument(deployment());
  const errorsOf = validatorOf(doc);
  for (const { operation } of operations(doc)) {
    const { operationId: name } = operation;
    for (const status of Object.keys(operation.responses)) {
      const media = answerOf(doc, operation, Number(status))?.content?.["application/json"];
      // Documents of exports, of shared sessions and of this API are described by their schemas.
      if (media === undefined || /^export|getShared|^openapi$/.test(name)) continue;
      expect([name, status, media.example]).not.toEqual([name, status, undefined]);
      expect([name, status, errorsOf(media.schema, media.example)]).toEqual([name, status, []]);
    }
  }
  const names = endpoints.map(({ route }) => route.name);
  expect(Object.keys(answerExamples).filter((name) => !names.includes(name))).toEqual([]);
});

test("the media types of exports are those of the formats", () => {
  const types = keysOf(formats).map((name) => formats[name].contentType.split(";")[0]);
  expect(Array.from(new Set(types)).sort()).toEqual(Object.keys(EXPORT_DOCUMENTS).sort());
});
