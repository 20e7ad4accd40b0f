import * as z from "zod";
import { utf8Length, wellFormed } from "../lib/text";
import { route } from "./route";
import { readSessionFilters, sessionFilters } from "./sessionFilters";
import { text, time } from "./units";
import { clamped } from "./values";

const PATH_MAX_BYTES = 4_096;

/** The path that sessions are looked for by. */
export const FilePath = z
  .string()
  .overwrite(wellFormed)
  .refine((path) => /[^\s/\\.]/.test(path), "must name a file")
  .refine((path) => utf8Length(path) <= PATH_MAX_BYTES, `is longer than ${PATH_MAX_BYTES} bytes`)
  .meta({
    description: "A file's path, absolute, from the root of its repository, or its name.",
  });

const FilesQuery = z
  .object({
    path: FilePath,
    limit: clamped("Maximum number of sessions.", 1, 50, 10),
    ...sessionFilters,
  })
  .transform(({ path, limit, ...query }) => ({ path, limit, filters: readSessionFilters(query) }));

/** What a message did with a file, and by which tool call; `mentioned` means in words. */
const FileMention = z.object({
  messageId: text("Our id of the message."),
  use: z.enum(["changed", "read", "used", "mentioned"]).meta({
    description: "What the message did with the file; `mentioned` is in words.",
  }),
  tool: text("The tool that did it.").optional(),
});

const FilesAnswer = z.object({
  path: text("The path that was asked for."),
  sessions: z
    .array(
      z.object({
        sessionId: text("Our id of the session."),
        title: text("The session's title.").optional(),
        project: text("The name of the session's project.").optional(),
        source: text("The tool."),
        createdAt: time("Source time of its beginning"),
        mentions: z.array(FileMention).meta({ description: "Its messages about the file." }),
      }),
    )
    .meta({ description: "Sessions that changed the file first, then those that read it." }),
  truncated: z.boolean().meta({
    description:
      "There may be more: a search reads a bounded number of messages. Narrow it by project.",
  }),
});
export type FilesAnswer = z.output<typeof FilesAnswer>;

export const getFiles = route({
  method: "GET",
  path: "/api/files",
  name: "getFiles",
  summary: "The sessions that changed, read or mentioned a file",
  access: "caller",
  limit: "search",
  query: FilesQuery,
  answer: FilesAnswer,
});
