import * as z from "zod";
import { route } from "./route";
import { text, time } from "./units";

/** The version of the HTTP API in `/health` and the OpenAPI document. */
export const API_VERSION = "1.0.0";

/**
 * What clients may look for before they use it: the importer, the command line, plugins. A name is added
 * with its feature and never removed or given another meaning.
 */
export const CAPABILITIES = [
  "export.post",
  "sessions.bulk",
  "sync.failures",
  "sync.secrets",
  "sync.strict",
  "sync.warnings",
  "changes",
  "changes.wait",
  "me",
  "messages.get",
  "messages.tail",
  "parameters.strict",
  "sessions.fields",
  "sessions.filter",
  "sessions.state",
] as const;

export const health = route({
  method: "GET",
  path: "/health",
  name: "health",
  summary: "Check that the deployment is running",
  access: "public",
  limit: "none",
  answer: z.object({
    status: z.literal("ok").meta({ description: "The deployment answers." }),
    version: text("The version of the HTTP API."),
    timestamp: time("Server time"),
    capabilities: z.array(z.string()).meta({
      description:
        "What this deployment can do beyond version 1. Clients look for a name before they use it.",
    }),
  }),
});
