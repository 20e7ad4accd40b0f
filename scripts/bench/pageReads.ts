import { signIn } from "../trials/limits/pageReads.ts";
import { TEXTS } from "../trials/limits/texts.ts";

/** Sessions of which pages are hard to make, and how a browser reads them page by page. */

/** A page as it was answered. */
export type PageRead = {
  path: string;
  bytes: number;
  ms: number;
  /** CPU time of this process meanwhile: also that of an engine that runs in it. */
  cpuMs: number;
  html: string;
};

type Read = (path: string) => Promise<PageRead>;

/** Signs a browser in; the returned function opens pages with it. */
export async function browserOf(url: string, key: string): Promise<Read> {
  const headers = { Cookie: await signIn(url, key), Accept: "text/html" };
  return async (path) => {
    const began = performance.now();
    const cpu = process.cpuUsage();
    const answer = await fetch(url + path, { headers });
    const body = await answer.arrayBuffer();
    const ms = performance.now() - began;
    const cpuMs = process.cpuUsage(cpu).user / 1_000;
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
    return { path, bytes: body.byteLength, ms, cpuMs, html: new TextDecoder().decode(body) };
  };
}

/** Reads a session, or a shared one, from its first page to its last. */
export async function readToTheEnd(read: Read, first: string): Promise<PageRead[]> {
  const pages: PageRead[] = [];
  let path: string | undefined = first;
  while (path !== undefined) {
    const page: PageRead = await read(path);
    pages.push(page);
    const next = /class="next" href="([^"]+)"/.exec(page.html)?.[1]?.replace(/&amp;/g, "&");
    path = next && new URL(next, `http://x${path}`).href.slice("http://x".length);
  }
  return pages;
}

const BATCH = 500;

/** Batches of a session of so many messages: prompts, answers, and calls of tools with their results. */
export function longSession(id: string, count: number): object[] {
  const messages = Array.from({ length: count }, (_, n) => {
    const text = `Message ${n}. ${"The upload waits as long as the server asks. ".repeat(4)}`;
    const own = { sessionExternalId: id, externalId: `${id}-${n}`, createdAt: 1.79e12 + n * 1_000 };
    if (n % 4 === 0) return { ...own, role: "user", textContent: text };
    const call = { toolCallId: `t${n}`, toolName: "Edit", args: EDIT };
    const result = { toolCallId: `t${n}`, result: "The file has been updated. ".repeat(10) };
    const parts = [
      { type: "text", content: text },
      ...(n % 2 === 0
        ? [
            { type: "tool-call", content: call },
            { type: "tool-result", content: result },
          ]
        : []),
    ];
    return { ...own, role: "assistant", promptTokens: 900, completionTokens: 90, parts };
  });
  return Array.from({ length: Math.ceil(count / BATCH) }, (_, at) => ({
    sessions: at === 0 ? [{ externalId: id, title: "A long session" }] : [],
    messages: messages.slice(at * BATCH, (at + 1) * BATCH),
  }));
}

const EDIT = {
  file_path: "src/upload.ts",
  old_string: "const answer = await fetch(url);\nreturn answer;\n",
  new_string:
    "for (;;) {\n  const answer = await fetch(url);\n  if (answer.ok) return answer;\n}\n",
};

/** A session whose only answer has so many bytes of text. */
export function largeMessage(id: string, bytes: number): object {
  const text = TEXTS["unique words"]?.(bytes) ?? "";
  const own = { sessionExternalId: id };
  return {
    sessions: [{ externalId: id, title: "A large message" }],
    messages: [
      { ...own, externalId: `${id}-1`, role: "user", textContent: "Print all of it." },
      { ...own, externalId: `${id}-2`, role: "assistant", textContent: text },
    ],
  };
}

/** The most bytes of one answer, whatever a session contains. */
export const PAGE_MAX_BYTES = 300_000;
