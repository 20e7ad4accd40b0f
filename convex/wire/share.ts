import * as z from "zod";
import { label } from "./fields";
import { route } from "./route";

export const getShared = route({
  method: "GET",
  path: "/s/:slug",
  name: "getShared",
  summary: "A shared session as a page; with `.md` or `.json` after the slug as that",
  access: "public",
  limit: "read",
  query: z.object({ after: label("Where the page before ended.") }),
  produces: ["text/html", "text/markdown", "application/json"],
});
