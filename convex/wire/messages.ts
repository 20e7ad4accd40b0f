import * as z from "zod";
import { MessageAnswer, SessionAnswer } from "./answers";
import { label } from "./fields";
import { aliased } from "./parameters";
import { route } from "./route";
import { text } from "./units";
import { clamped } from "./values";

const MessageQuery = z.object({
  session: aliased(
    label(
      "The session of the message, by its id or external id; needed if a plugin's id is not unique.",
    ),
    "sessionId",
    "sessionExternalId",
  ),
  before: clamped("How many messages before it to add.", 0, 50, 0),
  after: clamped("How many messages after it to add.", 0, 50, 0),
});

const MessageInSession = z.object({
  message: MessageAnswer,
  session: SessionAnswer,
  sessionId: text("Our id of the session."),
  messages: z.array(MessageAnswer).meta({
    description:
      "The message with its neighbours, in the order of the conversation. Large neighbours are left out.",
  }),
  hasBefore: z.boolean().meta({ description: "Whether there are messages before the first one." }),
  hasAfter: z.boolean().meta({ description: "Whether there are messages after the last one." }),
});

export const getMessage = route({
  method: "GET",
  path: "/api/messages/:id",
  name: "getMessage",
  summary: "Get a message with its parts and neighbours, by its id or external id",
  access: "caller",
  limit: "read",
  fails: ["CONFLICT"],
  param: "The message's id or external id.",
  query: MessageQuery,
  answer: MessageInSession,
});
