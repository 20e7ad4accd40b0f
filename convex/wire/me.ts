import * as z from "zod";
import { LIMIT_CLASSES, type LimitClass } from "../lib/enums";
import { record } from "../lib/record";
import { route } from "./route";
import { count, text, textOrNull, time } from "./units";
import { flag } from "./values";

const MeQuery = z.object({
  counts: flag(
    "Count sessions and messages. `false` answers faster: the key is checked, and no more.",
    true,
  ),
});

const Limit = z.object({
  perMinute: z
    .number()
    .nullable()
    .meta({ description: "Requests a minute; null without a limit." }),
});

/** Who a key or token belongs to, and what it may do. */
export const MeAnswer = z.object({
  address: z.string().nullable().meta({ description: "The account's e-mail address." }),
  name: z.string().nullable().meta({ description: "The person's name, if known." }),
  key: z
    .object({
      prefix: text("The visible beginning of the key."),
      name: textOrNull("The name given when it was made."),
      createdAt: time("When it was made"),
    })
    .nullable()
    .meta({ description: "The key of this request; null for a token." }),
  limits: z
    .object(record(LIMIT_CLASSES, (name) => Limit.meta({ description: `The class \`${name}\`.` })))
    .meta({ description: "Limits by class of endpoints." }),
  counts: z
    .object({ sessions: count("Number of sessions."), messages: count("Number of messages.") })
    .optional()
    .meta({ description: "How much is stored; missing with `counts=false`." }),
  timeZone: text("Time zone of days, unless `tz` names another."),
  embeddings: z.boolean().meta({ description: "Whether searches by meaning are possible." }),
});

/** What a person sets of their account. */
const MePatch = z.strictObject({
  timeZone: z
    .string({ error: "must be text or null" })
    .nullable()
    .meta({ description: "Zone of days, such as `Europe/Berlin`; null for UTC." }),
});

export type Limits = { [name in LimitClass]: z.output<typeof Limit> };

export const getMe = route({
  method: "GET",
  path: "/api/me",
  name: "getMe",
  summary: "Check a key: whose it is, its limits, and how much is stored",
  access: "caller",
  limit: "read",
  query: MeQuery,
  answer: MeAnswer,
});

export const patchMe = route({
  method: "PATCH",
  path: "/api/me",
  name: "updateMe",
  summary: "Set the time zone of your days",
  access: "caller",
  limit: "read",
  body: MePatch,
  answer: z.object({ timeZone: text("Time zone of your days.") }),
});
