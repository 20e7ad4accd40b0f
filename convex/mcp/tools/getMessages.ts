import * as z from "zod";
import { excerptOf, type ReadMessage } from "../../answers/excerpt";
import { AppError } from "../../errors";
import { ROLES } from "../../lib/enums";
import { atCitation, cite, readMessageId, sessionArgument } from "../citation";
import { AnswerText, QUOTE_NOTICE, quoted, sliceChars } from "../text";
import { type Tool, tool } from "../tool";

const ONE_PLACE = "Give only one of around, after and before";

const messageArgument = z.string().min(1).max(2_100).optional();

export const getMessages: Tool = tool({
  name: "get_messages",
  title: "Read messages of a session",
  description:
    "What was said in a past session, in order, with tool calls (→) and their output (←). Give a citation with a message to read around it. Long messages are cut: read on in one with `around`, `limit` 1 and `from_char`; read on in the session with `after`. Do not read whole sessions: search first, then read around the hit.",
  input: z.object({
    session: sessionArgument,
    around: messageArgument.describe("A citation or id: this message and its neighbours."),
    after: messageArgument.describe("Messages behind this one."),
    before: messageArgument.describe("Messages before this one."),
    role: z.enum(ROLES).optional().describe("Only what this role said."),
    limit: z.number().int().min(1).max(30).default(8).describe("Messages at most."),
    max_chars: z.number().int().min(50).max(6_000).default(800).describe("Characters of each."),
    from_char: z.number().int().min(0).default(0).describe("Where to begin in each message."),
  }),
  hint: "Take the session and the message from one citation of search_sessions or recall_context.",
  run: async ({ ctx, caller }, { session: named, role, limit, max_chars, from_char, ...at }) => {
    const places = [at.around, at.after, at.before].filter((one) => one !== undefined);
    if (places.length > 1) throw new AppError("INVALID_REQUEST", ONE_PLACE);
    const isPlaced = places.length > 0;
    const given = { after: messageOf(at.after), before: messageOf(at.before), role, limit };
    const found = await atCitation(named, ({ session, message }) => {
      const around = isPlaced ? messageOf(at.around) : message;
      return excerptOf(ctx, caller, { id: session, around, ...given });
    });
    const { messages, before, after } = found;
    const id = found.session.id;
    const answer = new AnswerText(`${cite(id)}\n${QUOTE_NOTICE}`);
    const shown = addMessages(answer, id, messages, { from: from_char, max: max_chars });
    const none = role === undefined ? "No message here." : noneOf(after ?? before);
    const last = shown.length < messages.length ? shown[shown.length - 1]?.id : after;
    return answer.end(messages.length === 0 ? none : "", continuation(id, { before, after: last }));
  },
});

/** What is said where no message of a role was found; another one from which to read on may be known. */
function noneOf(next: string | undefined): string {
  return next === undefined
    ? "No message of this role here."
    : "No message of this role among those that were looked at.";
}

function messageOf(argument: string | undefined): string | undefined {
  return argument === undefined ? undefined : readMessageId(argument);
}

type Cut = { from: number; max: number };

/** Adds as many messages as fit; of the first, at least its beginning. */
function addMessages(
  answer: AnswerText,
  session: string,
  messages: readonly ReadMessage[],
  { from, max }: Cut,
): ReadMessage[] {
  const shown: ReadMessage[] = [];
  for (const message of messages) {
    const part = sliceChars(message.text, from, max);
    const end = from + part.length;
    const notes = notesOf(message, { end, isAlone: messages.length === 1 });
    const head = `${message.role} ${cite(session, message.id)} ${timeOf(message.createdAt)}${notes}`;
    const nothing = message.isCut ? "(too large to read here)" : "(nothing to read)";
    const text = quoted(part === "" ? nothing : part);
    if (answer.add(`${head}\n${text}`)) {
      shown.push(message);
      continue;
    }
    if (shown.length === 0 && (answer.addCut(head, text), true)) shown.push(message);
    break;
  }
  return shown;
}

function notesOf(
  { text, isCut }: ReadMessage,
  { end, isAlone }: { end: number; isAlone: boolean },
): string {
  const left = text.length - end;
  const more = left > 0 ? [`${left} more characters: from_char ${end}`] : [];
  const hint = isAlone ? "" : ": limit 1 reads more of it";
  const cut = isCut ? [`the end of its largest texts is left out${hint}`] : [];
  const notes = [...more, ...cut].join("; ");
  return notes === "" ? "" : ` (${notes})`;
}

const timeOf = (at: number) => new Date(at).toISOString().slice(0, 16).replace("T", " ");

function continuation(session: string, at: { before?: string; after?: string }): string {
  const ways = (["before", "after"] as const).flatMap((way) => {
    const message = at[way];
    return message === undefined ? [] : [`${way}: ${way} "${cite(session, message)}"`];
  });
  return ways.length === 0 ? "" : `More ${ways.join("; ")}`;
}
