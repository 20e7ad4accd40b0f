import { shortCost, shortCount, shortDuration } from "../lib/stats/labels";
import { wellFormed } from "../lib/text";
import type { SessionAnswer } from "../wire/answers";
import { html, type Child, type Html } from "./html";
import { UNTITLED } from "../lib/sessions/titles";

/** Elements that several pages share. */

/** A time. The script shows it in the reader's time zone. */
export function time(at: number, style: "full" | "time" = "full"): Html {
  const iso = new Date(at).toISOString();
  const text = style === "time" ? iso.slice(11, 16) : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
  return html`<time datetime="${iso}" data-style="${style}">${text} UTC</time>`;
}

/** The address of a session's page. */
export const sessionPath = (id: string) => `/sessions/${encodeURIComponent(id)}`;

/** When the link of a shared session stops working, if it does. */
export const linkEnd = ({ expires }: SessionAnswer): Html | undefined =>
  expires === undefined ? undefined : html`<span class="small soft">until ${time(expires)}</span>`;

/** The title for people, because a session without one still needs a link. */
export const titleOf = ({ title }: { title?: string }) => title?.trim() || UNTITLED;

/** The facts of a session below its title in lists. Unknown ones are left out. */
export function sessionMeta(session: SessionAnswer): Html {
  const { projectName, projectPath, source, model, totalTokens, cost, messageCount } = session;
  const facts: Child[] = [
    projectName ?? projectPath,
    source,
    model,
    time(session.createdAt),
    `${shortCount(messageCount)} ${messageCount === 1 ? "message" : "messages"}`,
    totalTokens > 0 && `${shortCount(totalTokens)} tokens`,
    cost > 0 && shortCost(cost),
    session.durationMs !== undefined && session.durationMs > 0 && shortDuration(session.durationMs),
  ];
  return html`<div class="meta">${facts
    .filter((fact) => fact !== undefined && fact !== false && fact !== "")
    .map(
      (fact) => html`<span>${fact}</span>`,
    )}${session.isPublic ? html`<span class="chip on">shared</span>` : ""}${
    session.evalReady
      ? html`<span class="chip on">eval: ${(session.evalStatus ?? "ready").replace("_", " ")}</span>`
      : ""
  }</div>`;
}

/** A select field with "any" first. */
export function select(
  name: string,
  label: string,
  choices: readonly (readonly [value: string, text: string])[],
  chosen: string | undefined,
): Html {
  const known = choices.some(([value]) => value === chosen);
  const extra = chosen === undefined || chosen === "" || known ? [] : [[chosen, chosen] as const];
  const options = [...choices, ...extra].map(
    ([value, text]) =>
      html`<option value="${value}"${value === (chosen ?? "") ? SELECTED : ""}>${text}</option>`,
  );
  return html`<div><label for="f-${name}">${label}</label><select id="f-${name}" name="${name}">${options}</select></div>`;
}

export const SELECTED = html` selected`;
export const CHECKED = html` checked`;

/** An address with these query parameters; empty ones are left out. */
export function address(path: string, query: { [name: string]: string | undefined }): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === ""
      ? []
      : // An unpaired surrogate has no percent-encoding.
        [`${encodeURIComponent(name)}=${encodeURIComponent(wellFormed(value))}`],
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
}
