import { html, type Html } from "./html";
import { page, type PageHead } from "./layout";

type SignIn = {
  /** Where the person wanted to go. */
  to: string;
  /** A code from a link that works once; the form sends it without being asked. */
  code?: string;
  /** What was wrong with the last try. */
  problem?: string;
  /** Address of this deployment, for the commands. */
  site: string;
};

/** The page for strangers: what this is, how to sign in, how to send sessions here. */
export function signInPage(head: Pick<PageHead, "policy">, signIn: SignIn): string {
  return page(
    { ...head, title: "OpenSync", viewer: { kind: "stranger" } },
    html`<h1>Your AI coding sessions, kept and found again</h1>
<p>OpenSync keeps what you and your coding agents worked out: Claude Code, OpenCode, Codex CLI, Cursor, Gemini CLI and others send their sessions here. You search them, read them, share them, and hand them to the next agent.</p>
${signIn.problem === undefined ? "" : html`<p class="alert wrong" role="alert">${signIn.problem}</p>`}
${signIn.code === undefined ? keyForm(signIn) : codeForm(signIn, signIn.code)}
${firstSteps(signIn.site)}`,
  );
}

function keyForm({ to }: SignIn): Html {
  return html`<form class="card" method="post" action="/sign-in">
<h2>Sign in</h2>
<div class="field"><label for="key">Your key</label>
<input id="key" name="key" type="password" required autocomplete="current-password" placeholder="osk_…" size="40"></div>
<input type="hidden" name="to" value="${to}">
<button class="primary">Sign in</button>
<p class="note">The key is exchanged for a cookie of this browser. It is not stored here. <code>npm start</code> prints your key; on a deployment, <code>npm run key -- --email you@example.com</code> makes one.</p>
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

/** How sessions get here: plugins, history, programs. */
export function firstSteps(site: string): Html {
  return html`<section class="columns" aria-label="First steps">
<div class="card"><h2>Point a plugin at it</h2>
<p>In the settings of your tool's OpenSync plugin, enter this address and your key:</p>
<pre tabindex="0">${site}</pre></div>
<div class="card"><h2>Bring your history</h2>
<p>Send what your tools already kept on this machine:</p>
<pre tabindex="0">npm run import</pre></div>
<div class="card"><h2>Ask it from a program</h2>
<p>Everything here is also an HTTP API with the same key:</p>
<pre tabindex="0">curl ${site}/api/sessions \\
  -H "Authorization: Bearer osk_…"</pre>
<p><a href="/openapi.json">Description of the API</a></p></div>
</section>`;
}
