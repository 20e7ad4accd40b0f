import { WorkOS, type User } from "@workos-inc/node";
import { env } from "../_generated/server";
import { AppError } from "../errors";
import { workosBase } from "../lib/accounts/workos";

/** The profile of a person at WorkOS. */
type Profile = {
  workosId: string;
  email: string;
  emailVerified: boolean;
  name?: string;
  updatedAt?: number;
};

/** A webhook event; events that concern no user of ours are `ignored`. */
type WebhookEvent =
  | { kind: "updated"; profile: Profile }
  | { kind: "deleted"; workosId: string }
  | { kind: "ignored" };

/** Exchanges a sign-in code from AuthKit for the person's profile; 401 if WorkOS rejects it. */
export async function exchangeCode(code: string, codeVerifier?: string): Promise<Profile> {
  const clientId = env.WORKOS_CLIENT_ID;
  if (!clientId) throw notConfigured("WORKOS_CLIENT_ID");
  const proof = codeVerifier === undefined ? {} : { codeVerifier };
  try {
    const answer = await client().userManagement.authenticateWithCode({ clientId, code, ...proof });
    return profileOf(answer.user);
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined || status === 429 || status >= 500) throw unavailable(error);
    throw new AppError("UNAUTHORIZED", "WorkOS did not accept the sign-in code");
  }
}

/** The profile of a WorkOS user id; null if WorkOS does not know it. */
export async function findProfile(workosId: string): Promise<Profile | null> {
  try {
    return profileOf(await client().userManagement.getUser(workosId));
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw unavailable(error);
  }
}

/** Deletes the person at WorkOS; someone already deleted counts as deleted. */
export async function deletePerson(workosId: string): Promise<void> {
  try {
    await client().userManagement.deleteUser(workosId);
  } catch (error) {
    if (statusOf(error) !== 404) throw unavailable(error);
  }
}

/** Verifies and parses a webhook; 401 unless WorkOS signed it within the last three minutes. */
export async function readWebhook(body: string, signature: string): Promise<WebhookEvent> {
  const secret = env.WORKOS_WEBHOOK_SECRET;
  if (!secret) throw notConfigured("WORKOS_WEBHOOK_SECRET");
  let payload: unknown;
  try {
    payload = JSON.parse(body);
    await client().webhooks.verifyHeader({ payload, sigHeader: signature, secret });
  } catch {
    throw new AppError("UNAUTHORIZED", "The signature of the webhook is not valid");
  }
  return eventOf(payload);
}

type Fields = { [key: string]: unknown };

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

function eventOf(payload: unknown): WebhookEvent {
  const { event, data, created_at: createdAt } = fieldsOf(payload);
  const user = fieldsOf(data);
  const workosId = textOf(user.id);
  const email = textOf(user.email);
  if (workosId === undefined) return { kind: "ignored" };
  if (event === "user.deleted") return { kind: "deleted", workosId };
  if (event !== "user.updated" || email === undefined) return { kind: "ignored" };
  const name = fullName(textOf(user.first_name), textOf(user.last_name));
  const emailVerified = user.email_verified === true;
  const updated = timeOf(user.updated_at ?? createdAt);
  return { kind: "updated", profile: { workosId, email, emailVerified, ...name, ...updated } };
}

function profileOf({ id, email, emailVerified, firstName, lastName, updatedAt }: User): Profile {
  return {
    workosId: id,
    email,
    // Answers are arbitrary JSON: the text "false" must not count as true.
    emailVerified: (emailVerified as unknown) === true,
    ...fullName(firstName, lastName),
    ...timeOf(updatedAt),
  };
}

/** When a person was last changed, if given. Tells the order of events that arrive out of order. */
function timeOf(text: unknown): { updatedAt?: number } {
  const updatedAt = typeof text === "string" ? Date.parse(text) : NaN;
  return Number.isFinite(updatedAt) ? { updatedAt } : {};
}

function fullName(...names: (string | null | undefined)[]): { name?: string } {
  const name = names.filter(Boolean).join(" ");
  return name === "" ? {} : { name };
}

/** Created for each call, because module scope cannot read environment variables that are not set. */
function client(): WorkOS {
  const base = new URL(workosBase(env.WORKOS_API_URL));
  return new WorkOS({
    ...(env.WORKOS_API_KEY ? { apiKey: env.WORKOS_API_KEY } : {}),
    clientId: env.WORKOS_CLIENT_ID ?? "",
    apiHostname: base.hostname,
    https: base.protocol === "https:",
    ...(base.port ? { port: Number(base.port) } : {}),
    timeout: 20_000,
  });
}

function notConfigured(variable: string): AppError {
  return new AppError("UNAVAILABLE", `Sign-in with WorkOS is not configured (${variable})`);
}

function unavailable(error: unknown): AppError {
  console.error("WorkOS did not answer", error);
  return new AppError("UNAVAILABLE", "WorkOS did not answer; try again later");
}

function statusOf(error: unknown): number | undefined {
  const known = typeof error === "object" && error !== null && "status" in error;
  return known && typeof error.status === "number" ? error.status : undefined;
}
