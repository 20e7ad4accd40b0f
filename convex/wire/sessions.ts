import * as z from "zod";
import { MessageAnswer, SessionAnswer } from "./answers";
import { clamped, label, moment } from "./fields";
import { filterShape } from "./fieldShapes";
import { route } from "./route";
import { readSource } from "./sources";

const SessionListQuery = z.object({
  limit: clamped("Sessions a page.", 1, 200, 50),
  cursor: label("The `cursor` of the page before."),
  source: label("Only sessions of this tool.").transform(readSource),
  ...filterShape(),
  from: moment("Only sessions from this time or day on."),
  to: moment("Only sessions up to this time, or to the end of this day.", "end"),
});

const messagePage = {
  messages_limit: clamped("Messages a page; fewer come where they are large.", 1, 200, 100),
  messages_cursor: label("The `messagesCursor` of the page before."),
};

const SessionQuery = z.object(messagePage);
const SessionByIdQuery = z.object({
  id: z.string({ error: "is required" }).min(1, "is required").meta({
    description: "Our id or the plugin's external id.",
  }),
  ...messagePage,
});

/** Flat and nested at once: the documentation reads the former, older clients the latter. */
const SessionWithMessages = SessionAnswer.extend({
  session: SessionAnswer,
  messages: z.array(MessageAnswer),
  messagesCursor: z.string().nullable().meta({ description: "Null at the end." }),
});

export const listSessions = route({
  method: "GET",
  path: "/api/sessions",
  name: "listSessions",
  summary: "Your sessions, newest first",
  access: "caller",
  limit: "read",
  query: SessionListQuery,
  answer: z.object({
    sessions: z.array(SessionAnswer),
    cursor: z.string().nullable().meta({ description: "Null at the end." }),
  }),
});

export const getSession = route({
  method: "GET",
  path: "/api/sessions/:id",
  name: "getSession",
  summary: "A session with its messages, by our id or the plugin's",
  access: "caller",
  limit: "read",
  query: SessionQuery,
  answer: SessionWithMessages,
});

export const getSessionById = route({
  method: "GET",
  path: "/api/sessions/get",
  name: "getSessionById",
  summary: "The same, as older clients call it",
  access: "caller",
  limit: "read",
  query: SessionByIdQuery,
  answer: SessionWithMessages,
});
