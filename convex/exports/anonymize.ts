import { createAnonymizer, namesIn } from "../lib/exports/anonymize";
import { keysOf, record } from "../lib/record";
import { MESSAGE_FIELDS, SESSION_FIELDS } from "../lib/sessions/fieldTable";
import { type Fields, personalNames } from "../lib/sessions/fields";
import type { StoredPart } from "../lib/sessions/parts";
import type { ExportHead, ExportMessage, ExportSession } from "./types";

/** The owner's known names, and a salt that makes pseudonyms differ between users. */
export type Anonymity = { key: string; names: readonly string[] };

/**
 * How an anonymised export treats the columns that are not in the table of fields. A new column
 * does not compile until it is listed here. Only values that no plugin chooses are kept.
 */
const HEAD_COLUMNS = {
  externalId: "text",
  source: "text",
  messageCount: "keep",
  createdAt: "keep",
  updatedAt: "keep",
  reportedFields: "text",
  titleEdited: "keep",
  evalReady: "keep",
  evalStatus: "keep",
  reviewedAt: "keep",
  evalTags: "text",
  evalNotes: "text",
  expectedOutput: "text",
} satisfies Columns<Exclude<keyof ExportHead, keyof typeof SESSION_FIELDS>>;

/** The same for messages; `parts` are JSON, which is anonymised separately. */
const MESSAGE_COLUMNS = {
  externalId: "text",
  role: "keep",
  source: "text",
  createdAt: "keep",
  isIncomplete: "keep",
  rawRole: "text",
  textContent: "text",
} satisfies Columns<Exclude<keyof ExportMessage, keyof typeof MESSAGE_FIELDS | "parts">>;

type Columns<Name extends string> = { [name in Name]: "keep" | "text" };

/**
 * Replaces user names, home paths, e-mail addresses, keys and tokens in a session. Equal values get
 * equal pseudonyms under one `key`.
 */
export function anonymized(session: ExportSession, { key, names }: Anonymity): ExportSession {
  const known = new Set([...names, ...namesOf(session, SESSION_FIELDS)]);
  eachText(session, (text) => namesIn(text).forEach((name) => known.add(name)));
  const { text, value, fields, name } = createAnonymizer(key, known);
  const of = <Row extends object>(row: Row, table: Fields, columns: Columns<string>): Row => ({
    ...row,
    ...replaced(row, [...personalNames(table, "text"), ...textColumns(columns)], value),
    ...replaced(row, personalNames(table, "name"), (one) => name(String(one))),
  });
  return {
    ...of(session, SESSION_FIELDS, HEAD_COLUMNS),
    messages: session.messages.map((message) => ({
      ...of(message, MESSAGE_FIELDS, MESSAGE_COLUMNS),
      parts: message.parts.map(({ type, content, ...beside }): StoredPart => ({
        ...fields(beside),
        type: text(type),
        content: value(content),
      })),
    })),
  };
}

const textColumns = (columns: Columns<string>) =>
  keysOf(columns).filter((name) => columns[name] === "text");

/** The values of fields that name a person or machine, plus a machine's name without its domain. */
function namesOf(row: { [name: string]: unknown }, table: Fields): string[] {
  const values = personalNames(table, "name").map((name) => row[name]);
  return values.flatMap((value) =>
    typeof value === "string" ? [value, value.split(".")[0] ?? ""] : [],
  );
}

/** Replaces the values of these fields of a row. */
function replaced(row: object, names: readonly string[], by: (original: unknown) => unknown) {
  const values = new Map<string, unknown>(Object.entries(row));
  const present = names.filter((name) => values.get(name) !== undefined);
  return record(present, (name) => by(values.get(name)));
}

/** Visits every string in a JSON value. */
export function eachText(value: unknown, visit: (text: string) => void): void {
  if (typeof value === "string") visit(value);
  else if (typeof value === "object" && value !== null) {
    Object.values(value).forEach((inner) => eachText(inner, visit));
  }
}
