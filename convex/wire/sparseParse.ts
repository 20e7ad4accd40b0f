import type * as z from "zod";

/**
 * Parses objects with few of many possible fields. zod parses each field that the schema has, also the missing ones,
 * which give the same every time.
 */

/** How to parse an object: each field, what an object without fields gives, and what is made of the whole. */
type Plan = {
  fields: ReadonlyMap<string, z.ZodType>;
  missing: { readonly [name: string]: unknown };
  whole: z.ZodType | null;
};

const plans = new WeakMap<z.ZodType, Plan | null>();

function planOf(schema: z.ZodType): Plan | null {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const plan = newPlan(schema);
  plans.set(schema, plan);
  return plan;
}

/** Null for schemas of other values, and for those that require a field or check the whole object. */
function newPlan(schema: z.ZodType): Plan | null {
  const { def } = schema._zod;
  if ((def.checks ?? []).length > 0) return null;
  if (def.type === "pipe") {
    const { in: object, out } = def as z.core.$ZodPipeDef;
    const plan = planOf(object as z.ZodType);
    return plan?.whole === null ? { ...plan, whole: out as z.ZodType } : null;
  }
  if (def.type !== "object") return null;
  const { shape, catchall } = def as z.core.$ZodObjectDef;
  const missing = schema.safeParse({});
  if (catchall !== undefined || !missing.success) return null;
  return {
    fields: new Map(Object.entries(shape as { [name: string]: z.ZodType })),
    missing: missing.data as Plan["missing"],
    whole: null,
  };
}

/**
 * The value that a schema gives for an object. Undefined if only the schema itself can parse the object, or tell what is
 * wrong with it.
 */
export function sparselyParsed(
  schema: z.ZodType,
  sent: { readonly [name: string]: unknown },
): { value: unknown } | undefined {
  const plan = planOf(schema);
  if (plan === null) return undefined;
  const { fields, missing, whole } = plan;
  const values: { [name: string]: unknown } = { ...missing };
  for (const [name, value] of Object.entries(sent)) {
    const field = fields.get(name);
    if (field === undefined) continue;
    const parsed = field.safeParse(value);
    if (!parsed.success) return undefined;
    values[name] = parsed.data;
  }
  if (whole === null) return { value: values };
  const parsed = whole.safeParse(values);
  return parsed.success ? { value: parsed.data } : undefined;
}
