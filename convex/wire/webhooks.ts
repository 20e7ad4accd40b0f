import * as z from "zod";
import { route } from "./route";

export const receiveWorkosWebhook = route({
  method: "POST",
  path: "/webhooks/workos",
  name: "receiveWorkosWebhook",
  summary: "Receive WorkOS events (`user.updated`, `user.deleted`), signed in `WorkOS-Signature`",
  access: "public",
  limit: "none",
  rawBody: "application/json",
  fails: ["UNAVAILABLE"],
  requestHeaders: { "WorkOS-Signature": "The signature of the body." },
  answer: z.object({ ok: z.literal(true).meta({ description: "The event was received." }) }),
});
