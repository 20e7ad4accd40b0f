import * as z from "zod";
import { excerptOf, type ReadMessage } from "../../answers/excerpt";
import { ROLES } from "../../lib/enums";
import { atCitation, cite, readMessageId, sessionArgument } from "../citation";
import { AnswerText, QUOTE_NOTICE, quoted, sliceChars } from "../text";
import { type Tool, tool } from "../tool";

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
    const isPlaced = [at.around, at.after, at.before].some((one) => one !== undefined);
    const given = { after: messageOf(at.after), before: messageOf(at.before), role, limit };
    const found = await atCitation(named, ({ session, message }) => {
      const around = isPlaced ? messageOf(at.around) : message;
      return excerptOf(ctx, caller, { id: session, around, ...given });
    });
    const id = found.session.id;
    const answer = new AnswerText(`${cite(id)}\n${QUOTE_NOTICE}`);
    const cut = { from: from_char, max: max_chars };
    const shown = addMessages(answer, id, found.messages, cut);
    if (shown.length === 0 && found.messages.length === 0) return answer.end("No message here.");
    return answer.end(
      continuation(
        id,
        shown,
        found.hasMore || shown.length < found.messages.length,
        found.hasBefore,
      ),
    );
  },
});

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
    const head = `${message.role} ${cite(session, message.id)} ${timeOf(message.createdAt)}${noteOf(message.text, from + part.length)}`;
    const text = quoted(part === "" ? "(nothing to read)" : part);
    if (answer.add(`${head}\n${text}`)) {
      shown.push(message);
      continue;
    }
    if (shown.length === 0 && (answer.addCut(head, text), true)) shown.push(message);
    break;
  }
  return shown;
}

function noteOf(text: string, end: number): string {
  const left = text.length - end;
  return left > 0 ? ` (${left} more characters: from_char ${end})` : "";
}

const timeOf = (at: number) => new Date(at).toISOString().slice(0, 16).replace("T", " ");

function continuation(
  session: string,
  shown: readonly ReadMessage[],
  hasMore: boolean,
  hasBefore: boolean,
): string {
  const [first, last] = [shown[0], shown[shown.length - 1]];
  const before = hasBefore && first ? [`before: before "${cite(session, first.id)}"`] : [];
  const after = hasMore && last ? [`after: after "${cite(session, last.id)}"`] : [];
  return [...before, ...after].length === 0 ? "" : `More ${[...before, ...after].join("; ")}`;
}
