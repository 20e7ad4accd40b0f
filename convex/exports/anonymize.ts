import { createAnonymizer, namesIn } from "../lib/exports/anonymize";
import type { StoredPart } from "../lib/sessions/parts";
import type { ExportSession } from "./types";

/** Whose export it is: names known beforehand, and what makes pseudonyms differ between users. */
export type Anonymity = { salt: string; names: readonly string[] };

/**
 * The session with user names, home paths, e-mail addresses, keys and tokens replaced, the same
 * thing by the same pseudonym for one `salt`. Ids of plugins stay: they are how a case is found again.
 */
export function anonymized(session: ExportSession, { salt, names }: Anonymity): ExportSession {
  const told = new Set(names);
  eachText(session, (text) => namesIn(text).forEach((name) => told.add(name)));
  const { text, value, fields } = createAnonymizer(salt, told);
  const optional = (original: string | undefined) =>
    original === undefined ? undefined : text(original);
  return {
    ...session,
    title: optional(session.title),
    projectPath: optional(session.projectPath),
    projectName: optional(session.projectName),
    endReason: optional(session.endReason),
    evalNotes: optional(session.evalNotes),
    expectedOutput: optional(session.expectedOutput),
    evalTags: session.evalTags?.map(text),
    messages: session.messages.map((message) => ({
      ...message,
      rawRole: optional(message.rawRole),
      textContent: optional(message.textContent),
      parts: message.parts.map(({ type, content, ...beside }): StoredPart => ({
        ...fields(beside),
        type,
        content: value(content),
      })),
    })),
  };
}

function eachText(value: unknown, visit: (text: string) => void): void {
  if (typeof value === "string") visit(value);
  else if (typeof value === "object" && value !== null) {
    Object.values(value).forEach((inner) => eachText(inner, visit));
  }
}
