import { DEMO_EDITS, DEMO_SESSIONS } from "./demoSessions.ts";
import type { DemoMessage, DemoSession } from "./demoTypes.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A message's parts in the dialect of most plugins: a call and its result share an id. */
function partsOf(message: DemoMessage, id: string) {
  const text = { type: "text", content: message.text };
  if (message.role === "user") return [text];
  const { thinking, tools = [] } = message;
  return [
    ...(thinking === undefined ? [] : [{ type: "thinking", content: thinking }]),
    text,
    ...tools.flatMap(({ name, args, result }, n) => [
      { type: "tool-call", content: { toolCallId: `${id}-${n}`, toolName: name, args } },
      { type: "tool-result", content: { toolCallId: `${id}-${n}`, toolName: name, result } },
    ]),
  ];
}

/** Token counts and cost of an answer, in proportion to the conversation so far and its length. */
function numbersOf({ model, provider, price }: DemoSession, index: number, text: string) {
  const promptTokens = 4_200 + 1_900 * index;
  const completionTokens = 120 + Math.ceil(text.length / 3);
  const cost =
    price === undefined ? {} : { cost: ((promptTokens + completionTokens) / 1_000) * price };
  const durationMs = 3_000 + 40 * completionTokens;
  return { model, provider, promptTokens, completionTokens, durationMs, ...cost };
}

function messagesOf(session: DemoSession, start: number) {
  return session.messages.map((message, index) => {
    const externalId = `${session.id}-${index + 1}`;
    return {
      sessionExternalId: session.id,
      externalId,
      role: message.role,
      source: session.source,
      textContent: message.text,
      createdAt: start + index * MINUTE_MS,
      parts: partsOf(message, externalId),
      ...(message.role === "assistant" ? numbersOf(session, index, message.text) : {}),
    };
  });
}

function batch(now: number) {
  const sessions = DEMO_SESSIONS.map(({ id, title, source, model, provider, projectName }) => ({
    ...{ externalId: id, title, source, model, provider, projectName },
    projectPath: `/home/demo/${projectName}`,
  }));
  const messages = DEMO_SESSIONS.flatMap((session) =>
    messagesOf(session, now - session.daysAgo * DAY_MS - 30 * MINUTE_MS),
  );
  return { sessions, messages };
}

async function send(method: string, url: string, key: string, body: unknown): Promise<void> {
  const answer = await fetch(url, {
    method,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok)
    throw new Error(`The demonstration sessions were refused: ${await answer.text()}`);
}

/**
 * Sends the demonstration sessions as a plugin would, shares one and marks some for evaluation. Sending them
 * again changes nothing.
 */
export async function sendDemo(url: string, key: string): Promise<string> {
  await send("POST", `${url}/sync/batch`, key, batch(Date.now()));
  for (const { id, edits } of DEMO_EDITS) {
    await send("PATCH", `${url}/api/sessions/${id}`, key, edits);
  }
  return `${DEMO_SESSIONS.length} demonstration sessions are in place.`;
}
