/** Requests a path; null without an answer. */
type Get = (path: string) => Promise<{ status: number; body: unknown } | null>;

/** Reads all messages of a session, page by page; empty if the session does not exist. */
export async function messagesOf<Message>(get: Get, session: string): Promise<Message[]> {
  type Page = { messages: Message[]; messagesCursor: string | null };
  const messages: Message[] = [];
  for (let query = "?messages_limit=200"; ;) {
    const path = `/api/sessions/${session}${query}`;
    const answer = await get(path);
    if (answer?.status === 404) return messages;
    if (answer?.status !== 200) throw new Error(`${path} answered ${JSON.stringify(answer)}`);
    const page = answer.body as Page;
    messages.push(...page.messages);
    if (page.messagesCursor === null) return messages;
    query = `?messages_limit=200&messages_cursor=${encodeURIComponent(page.messagesCursor)}`;
  }
}
