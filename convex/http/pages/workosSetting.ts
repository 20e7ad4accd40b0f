import { env } from "../../_generated/server";

/** Whether people can sign in to the pages through WorkOS: exchanging AuthKit's codes needs both variables. */
export const hasWorkos = () => Boolean(env.WORKOS_CLIENT_ID && env.WORKOS_API_KEY);
