import * as z from "zod";
import { OpenApiAnswer } from "./openapi";
import { route } from "./route";

const open = { method: "GET", access: "public", limit: "none" } as const;

export const openapi = route({
  ...open,
  path: "/openapi.json",
  name: "openapi",
  summary: "This document",
  answer: OpenApiAnswer,
});

export const openidConfiguration = route({
  ...open,
  path: "/.well-known/openid-configuration",
  name: "openidConfiguration",
  summary: "Where the keys of Convex Auth's tokens are; read by Convex itself",
  answer: z.object({
    issuer: z.string(),
    jwks_uri: z.string(),
    authorization_endpoint: z.string(),
  }),
});

export const jwks = route({
  ...open,
  path: "/.well-known/jwks.json",
  mayBeAbsent: true,
  name: "jwks",
  summary: "Public keys of Convex Auth's tokens; 404 where it is not set up",
  answer: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
});
