import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { messagesOf } from "../local/trials/messages.ts";
import { needleOf, sessionIds } from "./actions.ts";
import type { Client } from "./client.ts";
import type { Delivery, Model } from "./model.ts";

/** Everything in which the deployment and the model do not agree; all empty is good. */
export type Verdict = {
  lost: string[];
  doubled: string[];
  damaged: string[];
  /** Counts, sums and days that do not follow from the messages that are there. */
  miscounted: string[];
  /** Messages that are there and not found by their own word, or found where they are not. */
  misfound: string[];
};

type Message = Delivery & { id: string };
type Session = {
  id: string;
  externalId: string;
  messageCount: number;
  promptTokens: number;
  completionTokens: number;
};

/** How long scheduled work may take to catch up after the last request and the last restart. */
const CATCH_UP_MS = 90_000;
/** Words searched for at the end. */
const NEEDLES = 300;

export async function verify(client: Client, model: Model): Promise<Verdict> {
  const stored = new Map<string, Message[]>();
  for (const id of sessionIds)
    stored.set(id, await messagesOf<Message>((path) => client.request(path), id));
  const verdict: Verdict = { lost: [], doubled: [], damaged: [], miscounted: [], misfound: [] };
  for (const [id, messages] of stored) judge(verdict, model, id, messages);
  verdict.miscounted = await caughtUp(client, stored);
  verdict.misfound = await findNeedles(client, stored);
  return verdict;
}

function judge(verdict: Verdict, model: Model, session: string, messages: Message[]): void {
  const counts = new Map<string, number>();
  for (const { externalId } of messages) counts.set(externalId, (counts.get(externalId) ?? 0) + 1);
  for (const [id, times] of counts)
    if (times > 1) verdict.doubled.push(`${session}/${id} ${times}×`);
  const found = new Map(messages.map((message) => [message.externalId, message]));
  for (const [id, { possible, isSure }] of model.ofSession(session)) {
    const message = found.get(id);
    found.delete(id);
    if (message === undefined) {
      if (isSure) verdict.lost.push(`${session}/${id}`);
    } else if (!possible.some((state) => isSame(message, state)))
      verdict.damaged.push(`${session}/${id}`);
  }
  for (const id of found.keys()) verdict.damaged.push(`${session}/${id} was never sent`);
}

function isSame(message: Message, sent: Delivery): boolean {
  const { role, textContent, promptTokens, completionTokens, parts } = message;
  const { role: r, textContent: t, promptTokens: p, completionTokens: c, parts: ps } = sent;
  return isDeepStrictEqual(
    [role, textContent, promptTokens, completionTokens, parts],
    [r, t, p, c, ps],
  );
}

/** What is miscounted once scheduled work has had its time. */
async function caughtUp(client: Client, stored: Map<string, Message[]>): Promise<string[]> {
  const deadline = Date.now() + CATCH_UP_MS;
  for (;;) {
    const problems = [...(await miscounted(client, stored)), ...(await misstated(client, stored))];
    if (problems.length === 0 || Date.now() > deadline) return problems;
    await pause(1_000);
  }
}

const sum = (messages: readonly Message[], key: "promptTokens" | "completionTokens") =>
  messages.reduce((total, message) => total + message[key], 0);

async function miscounted(client: Client, stored: Map<string, Message[]>): Promise<string[]> {
  const { sessions } = await client.read<{ sessions: Session[] }>("/api/sessions?limit=200");
  return sessions.flatMap(({ externalId, messageCount, promptTokens, completionTokens }) => {
    const messages = stored.get(externalId) ?? [];
    const is = [messageCount, promptTokens, completionTokens];
    const ought = [
      messages.length,
      sum(messages, "promptTokens"),
      sum(messages, "completionTokens"),
    ];
    return isDeepStrictEqual(is, ought)
      ? []
      : [`${externalId}: ${is.join()} instead of ${ought.join()}`];
  });
}

async function misstated(client: Client, stored: Map<string, Message[]>): Promise<string[]> {
  const answer = await client.request("/api/stats");
  if (answer === null || answer.status === 404) return [];
  const stats = answer.body as { messageCount?: number; totalTokens?: number };
  const all = [...stored.values()].flat();
  const is = [stats.messageCount, stats.totalTokens];
  const ought = [all.length, sum(all, "promptTokens") + sum(all, "completionTokens")];
  return isDeepStrictEqual(is, ought)
    ? []
    : [`statistics: ${is.join()} instead of ${ought.join()}`];
}

async function findNeedles(client: Client, stored: Map<string, Message[]>): Promise<string[]> {
  const all = [...stored].flatMap(([session, messages]) =>
    messages.map(({ externalId }) => ({ session, externalId })),
  );
  const step = Math.max(1, Math.floor(all.length / NEEDLES));
  const problems: string[] = [];
  for (let at = 0; at < all.length; at += step) {
    const { session, externalId } = all[at] ?? { session: "", externalId: "" };
    const query = { query: needleOf(externalId), type: "fulltext" };
    const { results } = await client.read<{ results: Session[] }>("/search", query);
    const found = results.map((result) => result.externalId);
    if (!isDeepStrictEqual(found, [session]))
      problems.push(`${needleOf(externalId)} of ${session}: ${JSON.stringify(found)}`);
  }
  return problems;
}
