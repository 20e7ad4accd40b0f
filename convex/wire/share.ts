import * as z from "zod";
import { label } from "./fields";
import { NEXT_LINK, route } from "./route";
import { count, text } from "./units";

const SharedPart = z.looseObject({
  type: text("`text`, `thinking`, `tool-call`, `tool-result`, `file`, `other` or `note`."),
  text: text("The text, or the label of a file.").optional(),
  name: text("The tool's name, or the type of another part.").optional(),
});

const SharedSession = z
  .object({
    title: text("The session's title."),
    source: text("The tool."),
    model: text("The AI model.").optional(),
    createdAt: text("Source time of its beginning, ISO 8601."),
    messages: z
      .array(
        z.object({
          role: text("Who speaks."),
          createdAt: text("Source time, ISO 8601."),
          parts: z.array(SharedPart).meta({ description: "What the message says." }),
        }),
      )
      .meta({ description: "A page of its messages, with secrets masked." }),
    more: z
      .object({
        messages: count("Number of messages left, if known.").optional(),
        next: text("The address of the next page."),
      })
      .optional()
      .meta({ description: "The rest, if there is one." }),
  })
  .meta({ id: "SharedSession", description: "A shared session, as strangers see it." });

export const getShared = route({
  method: "GET",
  path: "/s/:slug",
  name: "getShared",
  summary:
    "Get a shared session as a web page, or with `.md` or `.json` after the slug as Markdown or JSON",
  access: "public",
  limit: "read",
  param: "The slug, alone or with `.md` or `.json`.",
  headers: { "Referrer-Policy": "The address is the only secret of a shared session." },
  someHeaders: NEXT_LINK,
  query: z.object({ after: label("Cursor of the next page, from the link at the end of a page.") }),
  produces: { "text/html": {}, "text/markdown": {}, "application/json": { json: SharedSession } },
});
