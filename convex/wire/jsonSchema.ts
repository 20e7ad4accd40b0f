import * as z from "zod";

/** A JSON Schema (2020-12), as far as the OpenAPI document reads it. */
export type JsonSchema = {
  properties?: { [name: string]: JsonSchema };
  required?: string[];
  description?: string;
  [keyword: string]: unknown;
};

/** Named schemas of the document. */
export type Components = Map<string, JsonSchema>;

type Direction = "input" | "output";

/**
 * Converts a declaration to JSON Schema: `input` is what clients send, `output` what they receive.
 * Schemas with an id become components and are referenced.
 */
export function schemaOf(
  schema: z.ZodType,
  io: Direction,
  components: Components,
  mode: "referenced" | "inline" = "referenced",
): JsonSchema {
  const { $defs = {}, ...converted } = convert(schema, io);
  for (const [name, definition] of Object.entries($defs as { [name: string]: JsonSchema })) {
    components.set(name, tidy(definition));
  }
  const own = tidy(converted);
  const id = z.globalRegistry.get(schema)?.id;
  if (id === undefined) return own;
  // Zod returns a named schema as a reference to its own definition, or inline.
  if (own.$ref === undefined) components.set(id, own);
  return mode === "inline" ? (components.get(id) ?? own) : reference(id);
}

function reference(id: string): JsonSchema {
  return { $ref: `#/components/schemas/${id}` };
}

function convert(schema: z.ZodType, io: Direction): JsonSchema {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const inner = io === "input" ? behindPreprocess(zodSchema) : undefined;
      if (inner) Object.assign(jsonSchema, { ...convert(inner, io), ...jsonSchema });
      // Answers may get further fields at any time.
      if (io === "output" && jsonSchema.additionalProperties === false) {
        delete jsonSchema.additionalProperties;
      }
    },
  }) as JsonSchema;
}

/** The schema after `z.preprocess`, which itself accepts anything: clients need to know the result. */
function behindPreprocess(schema: z.core.$ZodType): z.ZodType | undefined {
  const { def } = schema._zod;
  if (def.type !== "pipe" || !("in" in def) || !("out" in def)) return undefined;
  const { in: before, out } = def as z.core.$ZodPipeDef;
  return before._zod.def.type === "transform" ? (out as z.ZodType) : undefined;
}

/** Rewrites references to the document's components and drops keys that only the converter needs. */
function tidy(schema: JsonSchema): JsonSchema {
  const text = JSON.stringify(schema, (key, value: unknown) =>
    key === "id" || key === "$schema" ? (typeof value === "string" ? undefined : value) : value,
  );
  return JSON.parse(text.replace(/"#\/\$defs\//g, '"#/components/schemas/')) as JsonSchema;
}
