import * as z from "zod";
import { route } from "./route";

/** The version of the HTTP API in `/health` and the OpenAPI document. */
export const API_VERSION = "1.0.0";

export const health = route({
  method: "GET",
  path: "/health",
  name: "health",
  summary: "Check that the deployment is running",
  access: "public",
  limit: "none",
  answer: z.object({
    status: z.literal("ok"),
    version: z.string(),
    timestamp: z.number().meta({ description: "Server time, epoch ms." }),
  }),
});
