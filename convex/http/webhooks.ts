import { internal } from "../_generated/api";
import { unauthorized } from "../errors";
import * as routes from "../wire/webhooks";
import { readText } from "./body";
import { publicEndpoint, type Endpoint } from "./endpoint";

/** The largest webhook, in bytes: it is parsed before its signature can be verified. */
const WEBHOOK_MAX_BYTES = 256 * 1024;

/** Receives events of WorkOS. Nothing is used before the signature of the whole body is verified. */
export const receiveWorkosWebhook: Endpoint = publicEndpoint(
  routes.receiveWorkosWebhook,
  async (ctx, { request }) => {
    const signature = request.headers.get("WorkOS-Signature");
    if (!signature) throw unauthorized();
    const body = await readText(request, { maxBytes: WEBHOOK_MAX_BYTES });
    await ctx.runAction(internal.workos.receiveWebhook, { body, signature });
    return { body: { ok: true } };
  },
);
