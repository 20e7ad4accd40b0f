import type { SessionAnswer } from "../wire/answers";
import { html } from "./html";
import { page, type PageHead } from "./layout";
import { linkEnd, sessionMeta, sessionPath, titleOf } from "./components";

/** The page that lists the owner's shared sessions. */
export function sharesPage(
  head: Pick<PageHead, "policy" | "viewer">,
  { sessions, isCut }: { sessions: readonly SessionAnswer[]; isCut: boolean },
): string {
  const rows = sessions.map(
    (session) =>
      html`<li><a class="title" dir="auto" href="${sessionPath(session.id)}">${titleOf(session)}</a>${sessionMeta(session)}<p class="row"><a href="/s/${session.publicSlug}">Shared page</a>${linkEnd(session)}</p><form method="post" action="${sessionPath(session.id)}"><input type="hidden" name="action" value="unshare"><button>Stop sharing</button></form></li>`,
  );
  return page(
    { ...head, title: "Shared sessions", section: "shares" },
    html`<h1>Shared sessions</h1>
<p class="soft">Anyone with the link can read these. The links are too long to guess, and search engines are asked not to index them.</p>
${isCut ? html`<p class="note">Only your newest sessions were looked at; older ones may be shared too.</p>` : ""}
${rows.length > 0 ? html`<ul class="list">${rows}</ul>` : ""}
${rows.length === 0 && !isCut ? html`<p class="empty">You are not sharing any session. Open a session and choose “Share by link”.</p>` : ""}`,
  );
}
