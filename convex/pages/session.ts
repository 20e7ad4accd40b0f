import { EVAL_STATUSES } from "../lib/enums";
import { totalCount } from "../lib/secrets/counts";
import { shortCost, shortCount, shortDuration } from "../lib/stats/labels";
import { UNTITLED } from "../lib/sessions/titles";
import type { SessionAnswer } from "../wire/answers";
import type { Relative } from "../wire/tree";
import type { WrittenConversation } from "./conversation/write";
import { html, type Child, type Html } from "./html";
import { page, type PageHead } from "./layout";
import { address, CHECKED, linkEnd, select, sessionPath, time, titleOf } from "./components";

/** A prompt of the session, for the index. */
export type PromptEntry = { id: string; text: string };

/** The sessions that this one comes from and that come from it. */
type Relatives = {
  parent?: Relative;
  /** On the first page. */
  children?: readonly Relative[];
  hasMoreChildren?: boolean;
};

export type SessionView = {
  /** As the page shows it, its secrets masked. */
  session: SessionAnswer;
  /** As it is stored, for the fields that its owner edits. */
  stored: SessionAnswer;
  /** The hash of its stored title, by which the form tells whether its owner changed it. */
  titleHash: string;
  conversation: WrittenConversation["content"];
  relatives: Relatives;
  /** Prompts of the whole session; undefined on later pages. */
  prompts?: { entries: readonly PromptEntry[]; isCut: boolean };
  /** Cursor of the next page; null on the last page. */
  next: string | null;
  isFirst: boolean;
  /** The prompt that hands the session over to another agent. */
  continuation: string;
  /** Names of the export formats. */
  formats: readonly string[];
  /** The result of the last change. */
  notice?: string;
};

/** A session with a page of its conversation and the owner's actions. */
export function sessionPage(head: Pick<PageHead, "policy" | "viewer">, view: SessionView): string {
  const { session, conversation, prompts, next, isFirst, notice } = view;
  const path = sessionPath(session.id);
  return page(
    { ...head, title: titleOf(session), section: "sessions" },
    html`<p class="small"><a href="/">Sessions</a></p>
<h1 dir="auto">${titleOf(session)}</h1>
${facts(session)}
${parentLink(view.relatives)}
${notice === undefined ? "" : html`<p class="alert" role="status">${notice}</p>`}
${isFirst ? actions(view) : html`<p><a href="${path}">Beginning of the session</a></p>`}
${childIndex(view.relatives)}
${prompts === undefined ? "" : promptIndex(path, prompts)}
${conversation.text === "" ? html`<p class="empty">No messages have arrived yet.</p>` : conversation}
${next === null ? live(session) : html`<p><a class="next" href="${address(path, { cursor: next })}">Continue reading</a></p>`}`,
  );
}

function facts(session: SessionAnswer): Html {
  const { projectName, projectPath, source, model, totalTokens, cost, durationMs, messageCount } =
    session;
  const known: Child[] = [
    projectName ?? projectPath,
    source,
    model,
    time(session.createdAt),
    `${shortCount(messageCount)} ${messageCount === 1 ? "message" : "messages"}`,
    totalTokens > 0 && `${shortCount(totalTokens)} tokens`,
    cost > 0 ? shortCost(cost) : "cost unknown",
    durationMs !== undefined && durationMs > 0 && shortDuration(durationMs),
    session.toolCallCount !== undefined && `${session.toolCallCount} tool calls`,
    secretsFound(session),
  ];
  return html`<ul class="facts">${known
    .filter((fact) => fact !== undefined && fact !== false && fact !== "")
    .map((fact) => html`<li>${fact}</li>`)}</ul>`;
}

/** How many secrets were found, and of which kinds; the page shows none of them. */
function secretsFound({ secrets }: SessionAnswer): string | undefined {
  const total = totalCount(secrets);
  if (total === 0) return undefined;
  const kinds = secrets.map(({ kind }) => kind).join(", ");
  return `${total} ${total === 1 ? "secret" : "secrets"} masked (${kinds})`;
}

function parentLink({ parent }: Relatives): Html {
  if (parent === undefined) return html``;
  return html`<p class="small">Part of ${relativeLink(parent)}</p>`;
}

/** The sessions that come from this one, collapsed because a session can have many subagents. */
function childIndex({ children = [], hasMoreChildren = false }: Relatives): Html {
  if (children.length === 0) return html``;
  const rows = children.map(
    (child) =>
      html`<li>${relativeLink(child)} <span class="small">${child.relation ?? ""} ${time(child.createdAt)}</span></li>`,
  );
  const count = `${children.length}${hasMoreChildren ? "+" : ""}`;
  return html`<details><summary>Subagents and forks (${count})</summary><ol class="index">${rows}</ol></details>`;
}

function relativeLink({ id, title }: Relative): Html {
  return html`<a href="${sessionPath(id)}" dir="auto">${title ?? UNTITLED}</a>`;
}

/** The index of prompts, collapsed because it can be long. */
function promptIndex(
  path: string,
  { entries, isCut }: { entries: readonly PromptEntry[]; isCut: boolean },
): Html {
  if (entries.length < 2) return html``;
  const rows = entries.map(
    ({ id, text }) =>
      html`<li><a href="${address(path, { message: id })}#m-${id}">${text}</a></li>`,
  );
  return html`<details><summary>Prompts (${entries.length}${isCut ? "+" : ""})</summary><ol class="index">${rows}</ol></details>`;
}

function live(session: SessionAnswer): Html {
  return html`<div class="live" role="status" hidden data-live="${address("/live", { id: session.id })}" data-count="${session.messageCount}"><a class="button primary" href="">Show new messages</a></div>`;
}

function actions(view: SessionView): Html {
  const { session, stored, continuation, formats } = view;
  const path = sessionPath(session.id);
  return html`<div class="actions">${sharing(session)}
<form class="inline" method="get" action="/download"><input type="hidden" name="id" value="${session.id}">${select(
    "format",
    "Export as",
    formats.map((name) => [name, name] as const),
    "markdown",
  )}<button>Download</button></form></div>
<details><summary>Continue from here with another agent</summary><div class="inside"><p class="note">Paste this into a new session.</p><pre class="wrap" id="continuation" tabindex="0">${continuation}</pre><p><button type="button" data-copy="continuation" hidden>Copy</button></p></div></details>
<details><summary>Title, evaluation, deletion</summary><div class="inside">${editForm(stored, view.titleHash)}
<form method="post" action="${path}" data-confirm="Delete this session with all its messages? This cannot be undone."><input type="hidden" name="action" value="delete"><p class="row"><button class="danger">Delete the session</button><label class="small"><input type="checkbox" name="sure" value="yes" required> Yes, delete it with all its messages</label></p></form></div></details>`;
}

function sharing(session: SessionAnswer): Html {
  const path = sessionPath(session.id);
  if (session.isPublic && session.publicSlug !== undefined) {
    return html`<form class="inline" method="post" action="${path}"><input type="hidden" name="action" value="unshare"><a class="button" href="/s/${session.publicSlug}">Open the shared page</a><button>Stop sharing</button>${linkEnd(session)}</form>`;
  }
  return html`<form class="inline" method="post" action="${path}"><input type="hidden" name="action" value="share">${select("days", "The link works", LINK_DAYS, "")}<button>Share by link</button></form>`;
}

/** For how many days a shared link may work. */
const LINK_DAYS = [
  ["", "until I stop it"],
  ["1", "for a day"],
  ["7", "for a week"],
  ["30", "for 30 days"],
] as const;

/** The tags as their field shows them. */
export const joinedTags = ({ evalTags }: SessionAnswer) => evalTags.join(", ");

/** Browsers leave out a line break at the beginning of a text field. */
const FIRST_LINE = "\n";

function editForm(session: SessionAnswer, titleHash: string): Html {
  const path = sessionPath(session.id);
  const statuses = [
    ["", "No verdict"] as const,
    ...EVAL_STATUSES.map((s) => [s, s.replace("_", " ")] as const),
  ];
  return html`<form method="post" action="${path}"><input type="hidden" name="action" value="edit">
<input type="hidden" name="titleHash" value="${titleHash}">
<div class="field"><label for="title">Title</label><input id="title" name="title" value="${session.title}" size="60" dir="auto"></div>
<div class="row field">${select("evalStatus", "Verdict", statuses, session.evalStatus)}
<label class="small"><input type="checkbox" name="evalReady" value="yes"${session.evalReady ? CHECKED : ""}> Ready for evaluation</label></div>
<div class="field"><label for="tags">Tags, separated by commas</label><input id="tags" name="evalTags" value="${joinedTags(session)}" size="40"></div>
<div class="field"><label for="notes">Note</label><textarea id="notes" name="evalNotes" dir="auto">${FIRST_LINE}${session.evalNotes}</textarea></div>
<div class="field"><label for="expected">Expected output</label><textarea id="expected" name="expectedOutput" dir="auto">${FIRST_LINE}${session.expectedOutput}</textarea></div>
<p><button class="primary">Save</button></p></form>`;
}
