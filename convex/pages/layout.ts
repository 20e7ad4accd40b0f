import { html, trusted, type Html } from "./html";
import { PAGE_STYLE } from "./style";

/** Who looks at the page. A stranger sees no navigation. */
export type Viewer = { kind: "owner" } | { kind: "stranger" };

/** Where the navigation stands. */
type Section = "sessions" | "stats" | "shares" | "settings";

export type PageHead = {
  title: string;
  viewer: Viewer;
  /** The content policy that the page is sent under. A saved copy has no headers, so it says it too. */
  policy: string;
  section?: Section;
  /** For previews of links, on pages that anyone may open. */
  description?: string;
  /** Whether previews of links (Open Graph) may show title and description. */
  preview?: boolean;
  /** Whether the page runs no script at all, as pages do that others may save and open. */
  isScriptless?: boolean;
};

const NAVIGATION: readonly (readonly [Section, string, string])[] = [
  ["sessions", "/", "Sessions"],
  ["stats", "/stats", "Statistics"],
  ["shares", "/shares", "Shared"],
  ["settings", "/settings", "Settings"],
];

/** A whole page around its content: landmarks, navigation, style. */
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
 * The address of a shared page is its only secret, so no site may learn it. Pages with forms send
 * their origin to ourselves: without it a browser calls the origin of a form `null`.
 */
const referrerOf = ({ isScriptless }: PageHead) => (isScriptless ? "no-referrer" : "same-origin");

const SCRIPT = html`<script src="/assets/app.js" defer></script>
`;

/** Two arrows in a circle; the colours are the style's. */
const LOGO = trusted(
  '<svg class="mark" viewBox="0 0 34 34" width="26" height="26" aria-hidden="true"><rect width="34" height="34" rx="10"/><path d="M10 17a7 7 0 0 1 12-4.5m2 4.5a7 7 0 0 1-12 4.5"/></svg>',
);

/** The icon of every page. */
export const FAVICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 34 34"><rect width="34" height="34" rx="10" fill="#6d4aff"/><path d="M10 17a7 7 0 0 1 12-4.5m2 4.5a7 7 0 0 1-12 4.5" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/></svg>\n';

/** A page that says what went wrong, and what to do now. */
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
<p><a class="button" href="/">To your sessions</a></p>${
      id === undefined ? "" : html`<p class="soft small">Request ${id}</p>`
    }</div>`,
  );
}

const TITLES: ReadonlyMap<number, string> = new Map([
  [400, "This request cannot be used"],
  [401, "Please sign in"],
  [403, "This request was refused"],
  [404, "Nothing here"],
  [409, "This cannot be done now"],
  [413, "This is too large"],
  [429, "Too many requests"],
  [503, "Not available now"],
]);
