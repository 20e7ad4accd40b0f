import * as z from "zod";
import { readAppError } from "../errors";
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
function readCitation(text: string): Citation {
  const bare = text.trim().replace(/^\[(session:.*)\]$/, "$1");
  const [, session, message] = CITATION.exec(bare) ?? [];
  if (session === undefined) return { session: bare };
  return { session, ...(message === undefined ? {} : { message }) };
}

/**
 * Reads what an argument names: what it cites, else what has the text as its id, because a tool may
 * have given a session an id that looks like a citation.
 */
export async function atCitation<Found>(
  text: string,
  read: (citation: Citation) => Promise<Found>,
): Promise<Found> {
  const bare = text.trim();
  const ids = new Set([bare.replace(/^session:/, ""), bare]);
  const cited = readCitation(text);
  try {
    return await read(cited);
  } catch (error) {
    if (readAppError(error)?.code !== "NOT_FOUND") throw error;
    for (const session of ids) {
      if (session === cited.session && cited.message === undefined) continue;
      const found = await read({ session }).catch(unlessMissing);
      if (found !== undefined) return found;
    }
    throw error;
  }
}

function unlessMissing(error: unknown): undefined {
  if (readAppError(error)?.code !== "NOT_FOUND") throw error;
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
