import * as z from "zod";
import { UNTITLED } from "../lib/sessions/titles";
import { utcDate } from "../lib/time";
import { quotedLabel } from "./text";

/** How answers name a session or a message, in a form that every tool takes as an argument. Pure. */

type Citation = { session: string; message?: string };

/** `[session:ID]` or `[session:ID/message:ID]`. */
export function cite(session: string, message?: string): string {
  return message === undefined ? `[session:${session}]` : `[session:${session}/message:${message}]`;
}

/** The citation of a session with its title. */
export function citeTitled({ id, title = UNTITLED }: { id: string; title?: string }): string {
  return `${cite(id)} ${quotedLabel(title)}`;
}

type Origin = { project?: string; source: string; createdAt: number };

/** Where and when a session took place, in parentheses. */
export function originOf({ project, source, createdAt }: Origin): string {
  const where = project === undefined ? [] : [quotedLabel(project, 60)];
  return `(${[...where, quotedLabel(source, 40), utcDate(createdAt)].join(", ")})`;
}

const CITATION = /^session:(.+?)(?:\/message:([^/\s]+))?$/;

/** Reads a citation, or a bare id of a session. */
export function readCitation(text: string): Citation {
  const bare = text.trim().replace(/^\[(session:.*)\]$/, "$1");
  const [, session, message] = CITATION.exec(bare) ?? [];
  if (session === undefined) return { session: bare };
  return { session, ...(message === undefined ? {} : { message }) };
}

/** An argument that names a session. */
export const sessionArgument = z
  .string()
  .min(1)
  .max(2_000)
  .describe("A citation such as `session:ID`, or the id that your own tool gave the session.");

/** An argument that names a message: a citation or its id. */
export function readMessageId(text: string): string {
  return readCitation(text).message ?? text.trim();
}
