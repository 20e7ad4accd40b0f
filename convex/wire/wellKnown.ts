import * as z from "zod";
import { OpenApiAnswer } from "./openapi";
import { route } from "./route";
import { text } from "./units";

const open = { method: "GET", access: "public", limit: "none" } as const;

export const openapi = route({
  ...open,
  path: "/openapi.json",
  isTagged: true,
  name: "openapi",
  summary: "Get this document",
  answer: OpenApiAnswer,
});

export const openidConfiguration = route({
  ...open,
  path: "/.well-known/openid-configuration",
  name: "openidConfiguration",
  summary: "Get the location of the public keys of Convex Auth's tokens; read by Convex itself",
  answer: z.object({
    issuer: text("Who issues the tokens."),
    jwks_uri: text("Where the public keys are."),
    authorization_endpoint: text("Where a person signs in."),
  }),
});

export const jwks = route({
  ...open,
  path: "/.well-known/jwks.json",
  fails: ["NOT_FOUND"],
  name: "jwks",
  summary: "Get the public keys of Convex Auth's tokens; 404 if it is not configured",
  answer: z.object({
    keys: z.array(z.record(z.string(), z.unknown())).meta({ description: "Keys, as RFC 7517." }),
  }),
});
