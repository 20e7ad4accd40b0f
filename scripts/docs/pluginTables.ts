import type * as z from "zod";
import { keysOf } from "../../convex/lib/record.ts";
import { aliasesOf, declared, type Fields } from "../../convex/lib/sessions/fields.ts";
import { MESSAGE_FIELDS, SESSION_FIELDS } from "../../convex/lib/sessions/fieldTable.ts";
import { KNOWN_PARTS } from "../../convex/wire/partAnswers.ts";
import { WARNINGS } from "../../convex/wire/warnings.ts";

/** The tables of docs/write-a-plugin.md, from the declarations that read what plugins send. */

const KINDS = {
  label: "text",
  count: "whole number",
  dollars: "number",
  milliseconds: "number",
} as const;

type Row = readonly string[];

function table(head: Row, rows: readonly Row[]): string {
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: Row) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

const code = (name: string) => `\`${name}\``;

function fieldRows(fields: Fields): Row[] {
  return keysOf(fields).map((name) => {
    const { kind, about } = declared(fields, name);
    return [code(name), KINDS[kind], about, aliasesOf(fields, name).map(code).join(", ")];
  });
}

const FIELD_HEAD = ["field", "value", "meaning", "also read as"];

/** The fields of an object as `{ name: … }`. */
function shown(schema: z.core.$ZodType): string {
  const { def } = schema._zod;
  if (def.type === "optional") return shown((def as z.core.$ZodOptionalDef).innerType);
  if (def.type !== "object") return def.type === "unknown" ? "any JSON" : def.type;
  const { shape } = def as z.core.$ZodObjectDef;
  const names = Object.entries(shape).map(
    ([name, field]) => `${name}${field._zod.def.type === "optional" ? "?" : ""}`,
  );
  return `{ ${names.join(", ")} }`;
}

function partRows(): Row[] {
  return KNOWN_PARTS.map((part) => {
    const { type, content } = part.shape;
    const names: readonly string[] = "options" in type ? type.options : [type.value];
    return [
      names.map((name) => code(name)).join(", "),
      code(shown(content)),
      part.description ?? "",
    ];
  });
}

/** The tables by their names in the page. */
export const PLUGIN_TABLES: { readonly [name: string]: string } = {
  session: table(FIELD_HEAD, fieldRows(SESSION_FIELDS)),
  message: table(FIELD_HEAD, fieldRows(MESSAGE_FIELDS)),
  parts: table(["type", "content", "meaning"], partRows()),
  warnings: table(
    ["code", "meaning"],
    keysOf(WARNINGS).map((name) => [code(name), WARNINGS[name]]),
  ),
};

/** A page with these tables between `<!-- table: name -->` and `<!-- end -->`. */
export function withTables(markdown: string): string {
  return markdown.replace(
    /(<!-- table: (\w+) -->)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) =>
      `${begin}\n\n${PLUGIN_TABLES[name] ?? `no table ${name}`}\n\n${end}`,
  );
}
