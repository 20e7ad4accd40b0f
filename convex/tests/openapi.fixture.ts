import Ajv2020 from "ajv/dist/2020";
import { read, type deployment } from "../test.setup";

/** A JSON Schema in the document. */
export type Schema = {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: { [name: string]: Schema };
  contentSchema?: { items: Schema };
  [keyword: string]: unknown;
};
export type Media = { [type: string]: { schema: Schema; example?: unknown } };
export type Parameter = {
  name: string;
  in: string;
  required?: boolean;
  deprecated?: boolean;
  description?: string;
  schema: Schema;
};
export type Answered = {
  $ref?: string;
  content?: Media;
  headers?: { [name: string]: { required?: boolean } };
};
export type Operation = {
  operationId: string;
  deprecated?: boolean;
  security?: unknown[];
  parameters?: Parameter[];
  requestBody?: { content: Media };
  responses: { [status: string]: Answered };
};
export type Document = {
  tags: { name: string }[];
  paths: { [path: string]: { [method: string]: Operation } };
  components: {
    schemas: { [name: string]: Schema };
    responses: { [name: string]: Answered };
  };
};

export async function readDocument(t: ReturnType<typeof deployment>): Promise<Document> {
  return await read<Document>(t.fetch("/openapi.json"));
}

export function operations(doc: Document) {
  return Object.entries(doc.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

/** The answer of an operation with this status, references resolved. */
export function answerOf(doc: Document, operation: Operation, status: number) {
  const found = operation.responses[String(status)];
  const name = found?.$ref?.split("/").pop();
  return name === undefined ? found : doc.components.responses[name];
}

/** Creates a validator for schemas of the document that resolves references within it. */
export function validatorOf(doc: Document) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const compiled = new Map<object, ReturnType<typeof ajv.compile>>();
  return (schema: object, value: unknown) => {
    const validate = compiled.get(schema) ?? ajv.compile({ ...schema, components: doc.components });
    compiled.set(schema, validate);
    return validate(value) ? [] : (validate.errors ?? []);
  };
}
