import * as z from "zod";
import { label } from "./fields";
import { route } from "./route";

export const getShared = route({
  method: "GET",
  path: "/s/:slug",
  name: "getShared",
  summary:
    "Get a shared session as a web page, or with `.md` or `.json` after the slug as Markdown or JSON",
  access: "public",
  limit: "read",
  query: z.object({ after: label("Cursor of the next page, from the link at the end of a page.") }),
  produces: ["text/html", "text/markdown", "application/json"],
});
