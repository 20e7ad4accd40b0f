import * as z from "zod";
import { SESSION_SORTS } from "../lib/enums";
import { MessageAnswer, SessionAnswer } from "./answers";
import { label } from "./fields";
import { aliased } from "./parameters";
import { NEXT_LINK, route } from "./route";
import { readSessionFilters, sessionFilters } from "./sessionFilters";
import { fieldParameters, PARTIAL_JSON, PartialSession, wantedFields } from "./sessionView";
import { parent, Relative } from "./tree";
import { nextCursor } from "./units";
import { clamped, flag, oneOf } from "./values";

const SessionListQuery = z
  .object({
    limit: clamped("Sessions per page.", 1, 200, 50),
    cursor: label("The `cursor` of the previous page."),
    sort: oneOf(
      SESSION_SORTS,
      "The largest first: by beginning (`created`, the default), last change, tokens or reported cost.",
    ),
    include_empty: flag("Also sessions without messages."),
    include_children: flag(
      "Also lists subagents whose parent is in the list; by default they are only among its `children`. With `parent_external_id` they are always listed.",
    ),
    ...fieldParameters,
    ...sessionFilters,
  })
  .transform((all) => {
    const { limit, cursor, sort, include_empty, include_children, view, fields, ...query } = all;
    const filter = readSessionFilters(query);
    const foldsSubagents = !include_children && filter.parentExternalId === undefined;
    return {
      page: {
        ...{ limit, cursor, sort, isFilled: include_empty ? undefined : true },
        ...{ ...filter, foldsSubagents },
      },
      wanted: wantedFields({ view, fields }),
    };
  });

const messagePage = {
  messages_limit: aliased(
    clamped("Messages per page; a page of large messages has fewer.", 1, 200, 100),
    "limit",
  ),
  messages_cursor: aliased(label("The `messagesCursor` of the previous page."), "cursor"),
  order: oneOf(
    ["asc", "desc"],
    "Oldest messages first (`asc`, the default), or newest first (`desc`).",
  ),
  after: label("Only messages after this one, by its id or external id: what is new since then."),
  ...fieldParameters,
};

const SessionQuery = z.object(messagePage);
const SessionByIdQuery = z.object({
  id: z.string().min(1, "is required").meta({
    description: "The session's id or external id.",
  }),
  ...messagePage,
});

/** Returns the session twice: flat for documented clients, nested under `session` for older ones. */
const SessionWithMessages = SessionAnswer.extend({
  session: SessionAnswer,
  parent,
  children: z.array(Relative).optional().meta({
    description:
      "The first sessions forked, resumed or spawned from this one. With the first page of messages only.",
  }),
  hasMoreChildren: z.boolean().optional().meta({
    description: "Whether `GET /api/sessions?parent_external_id=` lists more of them.",
  }),
  messages: z.array(MessageAnswer).meta({ description: "A page of its messages." }),
  messagesCursor: nextCursor("Send it as `messages_cursor`; null on the last page."),
});

/** What `:id` is in paths of sessions. */
export const SESSION_PARAM = "The session's id or external id.";

/** With `view` or `fields`, the session is not repeated under `session`. */
const PartialWithMessages = PartialSession.extend({
  messages: SessionWithMessages.shape.messages,
  messagesCursor: SessionWithMessages.shape.messagesCursor,
}).meta({ id: "PartialSessionWithMessages", description: "A session with chosen fields." });
const PARTIAL = { [PARTIAL_JSON]: { json: PartialWithMessages } };

export const listSessions = route({
  method: "GET",
  path: "/api/sessions",
  name: "listSessions",
  summary: "List your sessions, newest first unless sorted otherwise",
  access: "caller",
  limit: "read",
  isTagged: true,
  someHeaders: NEXT_LINK,
  query: SessionListQuery,
  produces: {
    [PARTIAL_JSON]: {
      json: z.object({
        sessions: z.array(PartialSession).meta({ description: "With the fields asked for." }),
        cursor: nextCursor(),
      }),
    },
  },
  answer: z.object({
    sessions: z.array(SessionAnswer).meta({ description: "A page of your sessions." }),
    cursor: nextCursor(),
  }),
});

export const getSession = route({
  method: "GET",
  path: "/api/sessions/:id",
  name: "getSession",
  summary: "Get a session with its messages, by its id or external id",
  access: "caller",
  limit: "read",
  isTagged: true,
  someHeaders: NEXT_LINK,
  param: SESSION_PARAM,
  query: SessionQuery,
  produces: PARTIAL,
  answer: SessionWithMessages,
});

export const getSessionById = route({
  method: "GET",
  path: "/api/sessions/get",
  name: "getSessionById",
  summary: "Get a session with its messages, with its id as a query parameter",
  deprecated: true,
  fails: ["NOT_FOUND"],
  someHeaders: NEXT_LINK,
  access: "caller",
  limit: "read",
  isTagged: true,
  query: SessionByIdQuery,
  produces: PARTIAL,
  answer: SessionWithMessages,
});
