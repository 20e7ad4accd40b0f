import type * as z from "zod";
import { examples } from "./examples";
import { schemaOf, type Components, type JsonSchema } from "./jsonSchema";
import { documentedName, parametersOf } from "./parameters";
import { refusesUnknownNames, type Route } from "./route";

/** What clients send, as the OpenAPI document describes it: parameters and bodies of a route. */

type Parameter = {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  deprecated?: boolean;
  schema: JsonSchema;
};

export function pathParameters(route: Route): Parameter[] {
  const names = Array.from(route.path.matchAll(/:(\w+)/g), ([, name = ""]) => name);
  const given = examples[route.name]?.param;
  return names.map((name) => ({
    name,
    in: "path",
    required: true,
    ...(route.param === undefined ? {} : { description: route.param }),
    schema: { type: "string", ...(given === undefined ? {} : { examples: [given] }) },
  }));
}

/** Headers that a client may send, beyond those of every request. */
export function headerParameters({ requestHeaders = {} }: Route): Parameter[] {
  return Object.entries(requestHeaders).map(([name, description]) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  }));
}

export function queryParameters(route: Route, components: Components): Parameter[] {
  if (!route.query) return [];
  const { properties = {}, required = [] } = schemaOf(route.query, "input", components, "inline");
  return parametersOf(route.query).flatMap(({ name: own, aliases }) => {
    const { description, deprecated, ...schema } = properties[own] ?? {};
    const name = documentedName(own, "query");
    const parameter = {
      name,
      in: "query",
      ...(required.includes(own) ? { required: true } : {}),
      ...(description === undefined ? {} : { description }),
      ...(deprecated === undefined ? {} : { deprecated: true }),
      schema,
    };
    // Names that differ only in how they join words are one name.
    const others = new Set(aliases.map((alias) => documentedName(alias, "query")));
    others.delete(name);
    return [parameter, ...Array.from(others, (alias) => deprecatedName(alias, name, schema))];
  });
}

/** A parameter under a name of older clients. It is never required, because the documented name serves. */
function deprecatedName(alias: string, name: string, schema: JsonSchema): Parameter {
  return {
    name: alias,
    in: "query",
    description: `Alias of \`${name}\`.`,
    deprecated: true,
    schema,
  };
}

export function withExamples(parameters: Parameter[], given: { [name: string]: string } = {}) {
  return parameters.map((parameter) => {
    const value = parameter.in === "query" ? given[parameter.name] : undefined;
    return value === undefined
      ? parameter
      : { ...parameter, example: asType(parameter.schema.type, value) };
  });
}

/** An example as JSON, because a query has only texts. */
function asType(type: unknown, value: string): unknown {
  if (type === "array") return value.split(",");
  return type === "integer" || type === "boolean" ? (JSON.parse(value) as unknown) : value;
}

export function requestBody(route: Route, components: Components) {
  if (route.rawBody) {
    return { required: true, content: { [route.rawBody]: { schema: { type: "object" } } } };
  }
  if (!route.body) return undefined;
  const schema = refusesUnknownNames(route)
    ? namedBody(route.body, components)
    : schemaOf(route.body, "input", components);
  const example = examples[route.name]?.body;
  const media = { schema, ...(example === undefined ? {} : { example }) };
  return { required: true, content: { "application/json": media } };
}

/** A JSON body whose unknown fields are refused: documented names, and those of older clients. */
export function namedBody(body: z.ZodType, components: Components): JsonSchema {
  const {
    properties = {},
    required = [],
    ...schema
  } = schemaOf(body, "input", components, "inline");
  const fields = parametersOf(body).flatMap(({ name: own, aliases }) => {
    const name = documentedName(own, "body");
    const field = properties[own] ?? {};
    const old = { ...field, description: `Alias of \`${name}\`.`, deprecated: true };
    const others = aliases.map((alias) => documentedName(alias, "body"));
    return [
      [name, field],
      ...others.filter((alias) => alias !== name).map((alias) => [alias, old]),
    ] as [string, JsonSchema][];
  });
  return {
    ...schema,
    properties: Object.fromEntries(fields),
    ...(required.length > 0
      ? { required: required.map((one) => documentedName(one, "body")) }
      : {}),
    additionalProperties: false,
  };
}
