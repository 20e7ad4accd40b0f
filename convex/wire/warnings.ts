import * as z from "zod";
import { isJsonObject, type JsonObject } from "../lib/json";
import { camelCase } from "../lib/caseNames";
import { nearestName } from "../lib/nearest";
import { keysOf } from "../lib/record";
import { timeFault } from "../lib/sync/sourceTime";
import { utf8Length } from "../lib/text";
import { readLabel } from "./fields";
import { readRole } from "./roles";

/**
 * Warnings tell the author of a plugin what was ignored. Plugins stay lenient: everything else is stored,
 * and only `Prefer: handling=strict` turns a warning into an error.
 */

/** The codes of warnings, with what each means. */
export const WARNINGS = {
  UNKNOWN_FIELD: "there is no such field; it was not stored",
  UNUSABLE_VALUE: "the value cannot be read; it was not stored",
  VALUE_CUT:
    "the value is too long, or a fraction where whole numbers count; its beginning was stored",
  UNKNOWN_ROLE: "the role is kept as sent and counts as `unknown`",
} as const;
const WARNING_CODES = keysOf(WARNINGS);

/** What was ignored or changed in something that was stored. */
export const Warning = z
  .object({
    path: z.string().meta({ description: "The field; in a batch `messages.3.role`." }),
    code: z.enum(WARNING_CODES).meta({ description: "What is wrong, for programs." }),
    message: z.string().meta({ description: "What was ignored, as the end of a sentence." }),
  })
  .meta({ id: "Warning", description: "What was ignored of something that was stored." });
export type Warning = z.output<typeof Warning>;

/** The most warnings of one answer: a mistake of a plugin is in all of its items. */
export const WARNINGS_MAX = 50;
/** The most characters of an unknown name that an answer repeats. */
const NAME_MAX_CHARS = 100;

/** The declared fields by their names. */
type Shape = ReadonlyMap<string, z.ZodType>;

/** Content that is stored in any form, so that it is never unusable. */
const CONTENT = new Set(["textContent", "content", "parts", "toolCalls", "role"]);
/** Fields that plugins send by design and that are ignored by design (`wire/sync.ts`). */
const KNOWN_IGNORED = new Set(["messageCount", "message_count"]);

/**
 * Lists what an item's declaration will ignore of what was sent. `read` is the item as it was read: fields that it has
 * as they were sent need not be read again.
 */
export function warningsOf(shape: Shape, sent: unknown, read: JsonObject = {}): Warning[] {
  if (!isJsonObject(sent)) return [];
  const warnings: Warning[] = [];
  for (const [name, value] of Object.entries(sent)) {
    if (warnings.length >= WARNINGS_MAX) break;
    if (read[name] === value && shape.has(name) && name !== "role") continue;
    const warning = warningOf(shape, name, value, sent);
    if (warning !== null) warnings.push(warning);
  }
  return warnings;
}

function warningOf(shape: Shape, name: string, value: unknown, item: JsonObject): Warning | null {
  if (value === null || value === "" || KNOWN_IGNORED.has(name)) return null;
  const field = shape.get(name);
  if (field === undefined) return unknownField(Array.from(shape.keys()), name, item);
  if (name === "role") return unknownRole(value);
  return CONTENT.has(camelCase(name)) ? null : unusableValue(field, name, value);
}

function unknownField(known: readonly string[], name: string, item: JsonObject): Warning {
  const path = name.slice(0, NAME_MAX_CHARS);
  const sent = new Set(Object.keys(item).map(camelCase));
  const unsent = known.filter((one) => !sent.has(camelCase(one)));
  const meant = nearestName(name, unsent);
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  return { path, code: "UNKNOWN_FIELD", message: `is not a known field and was not stored${hint}` };
}

function unknownRole(value: unknown): Warning | null {
  if (value === "unknown" || readRole(value).role !== "unknown") return null;
  const meant = nearestName(String(readLabel(value)).slice(0, NAME_MAX_CHARS), ROLES_SHOWN);
  const hint = meant === undefined ? `use ${ROLES_SHOWN.join(", ")}` : `did you mean ${meant}?`;
  return { path: "role", code: "UNKNOWN_ROLE", message: `is not a known role; ${hint}` };
}

const ROLES_SHOWN = ["user", "assistant", "system", "tool"];

function unusableValue(field: z.ZodType, path: string, value: unknown): Warning | null {
  const read = field.safeParse(value);
  if (!read.success) return null; // The item is refused for it.
  if (read.data === undefined) {
    const why = faultOfValue(field, value);
    return { path, code: "UNUSABLE_VALUE", message: `${why}; it was not stored` };
  }
  if (typeof read.data === "number" && field.meta()?.type === "integer") {
    if (Number(value) === read.data) return null;
    return { path, code: "VALUE_CUT", message: `takes whole numbers; ${read.data} was stored` };
  }
  const label = typeof read.data === "string" ? readLabel(value) : undefined;
  if (label === undefined || typeof read.data !== "string") return null;
  const bytes = utf8Length(read.data);
  if (utf8Length(label) <= bytes) return null;
  return { path, code: "VALUE_CUT", message: `was cut to ${bytes} bytes` };
}

/** Tells why a value is unusable: by its size where it has the right kind, else by what it is. */
function faultOfValue(field: z.ZodType, value: unknown): string {
  const { type } = field.meta() ?? {};
  // Times are the fields that take a number or a text (`wire/fields.ts`).
  if (Array.isArray(type)) {
    const fault = timeFault(value, Date.now());
    if (fault !== undefined) return fault;
  } else if (type === "integer" || type === "number") {
    const isNumeric =
      typeof value === "number" || /^\s*-?\d/.test(typeof value === "string" ? value : "");
    const number = isNumeric ? Number(value) : NaN;
    if (number < 0) return "must be 0 or more";
    if (number > 0) return "is too large";
  }
  const shown = typeof value === "string" ? `"${value.slice(0, 40)}"` : kindOf(value);
  return `cannot be ${shown}`;
}

/** The kind of a JSON value, with its article. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The optional `warnings` of an answer. */
export const warnings = z
  .array(Warning)
  .optional()
  .meta({
    description: `What was ignored, at most ${WARNINGS_MAX}. With \`Prefer: handling=strict\`, nothing is stored and the answer is 400.`,
  });

/** Moves warnings into an item of a batch: `messages.3.role`. */
export function within(list: string, index: number, found: readonly Warning[]): Warning[] {
  return found.map((warning) => ({ ...warning, path: `${list}.${index}.${warning.path}` }));
}
