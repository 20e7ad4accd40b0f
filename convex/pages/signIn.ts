import { html, type Html } from "./html";
import { address } from "./components";
import { page, type PageHead } from "./layout";

type SignIn = {
  /** The page to return to after signing in. */
  to: string;
  /** A code from a single-use link; the script submits the form automatically. */
  code?: string;
  /** The error of the last attempt. */
  problem?: string;
  /** Whether people may also sign in through WorkOS. */
  hasWorkos: boolean;
  /** The address of this deployment, for the commands. */
  site: string;
};

/** The page for strangers: what OpenSync is, how to sign in, how to send sessions. */
export function signInPage(head: Pick<PageHead, "policy">, signIn: SignIn): string {
  return page(
    { ...head, title: "OpenSync", viewer: { kind: "stranger" } },
    html`<h1>Keep and search your AI coding sessions</h1>
<p>OpenSync stores your sessions with Claude Code, OpenCode, Codex CLI, Cursor, Gemini CLI and other coding agents. Search them, read them, share them, and hand them over to the next agent.</p>
${signIn.problem === undefined ? "" : html`<p class="alert wrong" role="alert">${signIn.problem}</p>`}
${signIn.code === undefined ? keyForm(signIn) : codeForm(signIn, signIn.code)}
${firstSteps(signIn.site)}`,
  );
}

function keyForm({ to, hasWorkos }: SignIn): Html {
  const workos = html`<p><a class="button" href="${address("/sign-in/workos", { to })}">Sign in with WorkOS</a></p>`;
  return html`<form class="card" method="post" action="/sign-in">
<h2>Sign in</h2>
<div class="field"><label for="key">Your key</label>
<input id="key" name="key" type="password" required autocomplete="current-password" placeholder="osk_…" size="40"></div>
<input type="hidden" name="to" value="${to}">
<p><button class="primary">Sign in</button></p>
${hasWorkos ? workos : ""}
<p class="note">The key is exchanged for a cookie of this browser. It is not stored here. <code>npm start</code> prints your key; on a deployment, <code>npx convex run --prod users:createWithApiKey &#39;{"email":"you@example.com"}&#39;</code> makes one.</p>
</form>`;
}

function codeForm({ to }: SignIn, code: string): Html {
  return html`<form class="card" method="post" action="/sign-in" data-auto>
<h2>Sign in with this link</h2>
<input type="hidden" name="code" value="${code}">
<input type="hidden" name="to" value="${to}">
<button class="primary" autofocus>Sign in</button>
<p class="note">The link works once.</p>
</form>`;
}

/** How to send sessions: plugins, import, API. */
export function firstSteps(site: string): Html {
  return html`<section class="columns" aria-label="First steps">
<div class="card"><h2>Point a plugin at it</h2>
<p>In the settings of your tool's OpenSync plugin, enter this address and your key:</p>
<pre tabindex="0">${site}</pre></div>
<div class="card"><h2>Import your history</h2>
<p>Send the sessions that your tools have stored on your machine, from a copy of this server's repository:</p>
<pre tabindex="0">OPENSYNC_API_KEY=osk_… npm run import -- --url ${site}</pre></div>
<div class="card"><h2>Use the API</h2>
<p>Everything here is also an HTTP API with the same key:</p>
<pre tabindex="0">curl ${site}/api/sessions \\
  -H "Authorization: Bearer osk_…"</pre>
<p><a href="/openapi.json">API reference</a></p></div>
</section>`;
}
