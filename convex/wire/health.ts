import * as z from "zod";
import { route } from "./route";

/** The version of the HTTP API, as `/health` and the OpenAPI document say it. */
export const API_VERSION = "1.0.0";

export const health = route({
  method: "GET",
  path: "/health",
  name: "health",
  summary: "Whether the deployment answers",
  access: "public",
  limit: "none",
  answer: z.object({
    status: z.literal("ok"),
    version: z.string(),
    timestamp: z.number().meta({ description: "Server time, epoch ms." }),
  }),
});
