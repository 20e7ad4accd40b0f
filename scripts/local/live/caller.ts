import { randomBytes } from "node:crypto";
import { newTrace } from "../callRecord.ts";
import type { Identity } from "../auth/identity.ts";
import type { Caller } from "../functions/call.ts";

/** The client at the other end of a socket. */
export interface Client {
  ip: string | null;
  userAgent: string | null;
}

/** Returns the caller for one call of a client. Each call has its own request id and trace, as over HTTP. */
export function callerOf(client: Client, identity: Identity): Caller {
  return {
    identity,
    request: {
      ...client,
      requestId: randomBytes(8).toString("hex"),
      scheduledFunctionId: null,
      authToken: identity.kind === "user" ? identity.token : null,
    },
    trace: newTrace("request"),
    depth: 0,
  };
}
