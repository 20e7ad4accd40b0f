import { isoTime, sessionFacts, titleOf } from "../exports/common";
import { headMarkdown, partMarkdown, sectionMarkdown } from "../exports/markdown";
import type { ActionCtx } from "../_generated/server";
import { maskText } from "../lib/secrets/scan";
import { EVAL_STATUSES, ROLES, type Role } from "../lib/enums";
import type { Caller } from "../wire/caller";
import { excerptOf } from "./excerpt";

/** Messages read for one part of a document; more would not fit. */
const MESSAGES_MAX = 30;

/** A part of a session as Markdown: its head, and one section a message. */
export type MarkdownPart = {
  id: string;
  title: string;
  head: string;
  sections: { messageId: string; text: string }[];
  /** The message behind which to read on; undefined at the end. */
  after?: string;
};

/** One of the caller's sessions as Markdown, from behind a message on; secrets are masked. */
export async function sessionMarkdownPart(
  ctx: ActionCtx,
  caller: Caller,
  id: string,
  after?: string,
): Promise<MarkdownPart> {
  const found = await excerptOf(ctx, caller, { id, after, limit: MESSAGES_MAX });
  const { session, messages } = found;
  const evalStatus = EVAL_STATUSES.find((one) => one === session.evalStatus);
  const about = { ...session, evalStatus };
  const title = maskText(titleOf(about));
  const facts = sessionFacts(about).map(([name, value]) => [name, maskText(value)] as const);
  return {
    id: session.id,
    title,
    head: headMarkdown(title, facts),
    sections: messages.map(({ id: messageId, role, parts, createdAt }) => {
      const shown = parts.map(partMarkdown).map(maskText);
      return { messageId, text: sectionMarkdown(roleOf(role), shown, isoTime(createdAt)) };
    }),
    after: found.after,
  };
}

function roleOf(role: string): Role {
  return ROLES.find((one) => one === role) ?? "unknown";
}
