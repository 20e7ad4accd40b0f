import { html, trusted, type Html } from "./html";
import { PAGE_STYLE } from "./style";

/** Who is viewing the page. Strangers see no navigation. */
export type Viewer = { kind: "owner" } | { kind: "stranger" };

/** The current entry of the navigation. */
type Section = "sessions" | "stats" | "shares" | "settings";

export type PageHead = {
  title: string;
  viewer: Viewer;
  /**
   * The content policy of the page. It is repeated in the page itself, because a saved copy has no
   * headers.
   */
  policy: string;
  section?: Section;
  /** For link previews, on public pages. */
  description?: string;
  /** Whether link previews (Open Graph) may show title and description. */
  preview?: boolean;
  /** Whether the page runs no script, because others may save and open it. */
  isScriptless?: boolean;
};

const NAVIGATION: readonly (readonly [Section, string, string])[] = [
  ["sessions", "/", "Sessions"],
  ["stats", "/stats", "Statistics"],
  ["shares", "/shares", "Shared"],
  ["settings", "/settings", "Settings"],
];

/** Renders a whole page around its content: landmarks, navigation, style. */
export function page(head: PageHead, content: Html): string {
  const { title, viewer, policy } = head;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex,nofollow">
<meta name="referrer" content="${referrerOf(head)}">
<meta name="color-scheme" content="light dark">
${previewOf(head)}<title>${title === "OpenSync" ? title : `${title} · OpenSync`}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<style>${trusted(PAGE_STYLE)}</style>
${head.isScriptless ? "" : SCRIPT}</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top"><div class="bar"><a class="logo" href="/">${LOGO}OpenSync</a>${
    viewer.kind === "owner" ? navigation(head.section) : ""
  }</div></header>
<main id="content" tabindex="-1">
${content}
</main>
</body>
</html>
`.text;
}

function navigation(section: Section | undefined): Html {
  const links = NAVIGATION.map(
    ([name, address, label]) =>
      html`<a href="${address}"${name === section ? trusted(' aria-current="page"') : ""}>${label}</a>`,
  );
  return html`<nav aria-label="Main">${links}</nav>`;
}

function previewOf({ preview, title, description }: PageHead): Html | undefined {
  if (!preview) return undefined;
  return html`<meta property="og:title" content="${title}">
<meta property="og:type" content="article">
<meta property="og:site_name" content="OpenSync">
<meta name="description" content="${description}">
<meta property="og:description" content="${description}">
`;
}

/**
 * Shared pages send no referrer, because their address is their only secret. Pages with forms send
 * their origin to ourselves, because browsers would otherwise send `null` as the origin of a form.
 */
const referrerOf = ({ isScriptless }: PageHead) => (isScriptless ? "no-referrer" : "same-origin");

const SCRIPT = html`<script src="/assets/app.js" defer></script>
`;

/** Two arrows in a circle; the colours come from the style. */
const LOGO = trusted(
  '<svg class="mark" viewBox="0 0 34 34" width="26" height="26" aria-hidden="true"><rect width="34" height="34" rx="10"/><path d="M10 17a7 7 0 0 1 12-4.5m2 4.5a7 7 0 0 1-12 4.5"/></svg>',
);

/** The icon of every page. */
export const FAVICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 34 34"><rect width="34" height="34" rx="10" fill="#6d4aff"/><path d="M10 17a7 7 0 0 1 12-4.5m2 4.5a7 7 0 0 1-12 4.5" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/></svg>\n';

/** A page that explains an error and what to do next. */
export function errorPage(
  head: Omit<PageHead, "title">,
  problem: { status: number; message: string; requestId?: string },
): string {
  const title = TITLES.get(problem.status) ?? "Something went wrong";
  const id = problem.requestId;
  return page(
    { ...head, title },
    html`<div class="notice"><p class="big" aria-hidden="true">${problem.status}</p><h1>${title}</h1>
<p>${problem.message}</p>
<p><a class="button" href="/">Back to your sessions</a></p>${
      id === undefined ? "" : html`<p class="soft small">Request ${id}</p>`
    }</div>`,
  );
}

const TITLES: ReadonlyMap<number, string> = new Map([
  [400, "Invalid request"],
  [401, "Please sign in"],
  [403, "Not allowed"],
  [404, "Not found"],
  [409, "This is not possible right now"],
  [413, "Too large"],
  [429, "Too many requests"],
  [503, "Temporarily unavailable"],
]);
