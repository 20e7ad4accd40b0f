import { html, type Html } from "./html";
import { page, type PageHead } from "./layout";
import { time } from "./components";

export type SettingsView = {
  email?: string;
  timeZone: string;
  keys: readonly {
    id: string;
    prefix: string;
    name?: string;
    createdAt: number;
    lastUsedAt?: number;
  }[];
  browsers: readonly { id: string; label: string; createdAt: number; isCurrent: boolean }[];
  deletion?: { status: string; scope: string };
  deployment: readonly (readonly [name: string, state: string])[];
  /** A new key; it is shown only once, on this page. */
  newKey?: string;
  notice?: string;
};

/** The page for keys, browsers, data and the state of the deployment. */
export function settingsPage(
  head: Pick<PageHead, "policy" | "viewer">,
  view: SettingsView,
): string {
  return page(
    { ...head, title: "Settings", section: "settings" },
    html`<h1>Settings</h1>
${view.email === undefined ? "" : html`<p class="soft">Signed in as ${view.email}</p>`}
${view.notice === undefined ? "" : html`<p class="alert" role="status">${view.notice}</p>`}
${view.newKey === undefined ? "" : newKey(view.newKey)}
${keys(view)}
${browsers(view)}
${zone(view)}
${data(view)}
<section class="card"><h2>This deployment</h2><dl>${view.deployment.map(
      ([name, state]) => html`<dt class="small soft">${name}</dt><dd>${state}</dd>`,
    )}</dl></section>`,
  );
}

function newKey(key: string): Html {
  return html`<div class="alert" role="status"><p><strong>Your new key.</strong> Copy it now: it is not shown again.</p><pre class="wrap" id="new-key" tabindex="0">${key}</pre><p><button type="button" data-copy="new-key" hidden>Copy</button></p></div>`;
}

function keys({ keys: all }: SettingsView): Html {
  const rows = all.map(
    ({ id, prefix, name, createdAt, lastUsedAt }) =>
      html`<tr><td>${name ?? (id === "first" ? "First key" : "No name")}</td><td><code>${prefix}…</code></td><td>${time(createdAt)}</td><td>${lastUsedAt === undefined ? "not recently" : time(lastUsedAt)}</td><td><form method="post" action="/settings" data-confirm="Revoke this key? What uses it stops working at once."><input type="hidden" name="action" value="revokeKey"><input type="hidden" name="id" value="${id}"><button class="danger" aria-label="Revoke ${name ?? prefix}">Revoke</button></form></td></tr>`,
  );
  return html`<section class="card"><h2>Keys</h2>
${rows.length === 0 ? html`<p class="soft">No keys.</p>` : html`<div class="scroll" tabindex="0" role="region" aria-label="Keys"><table><thead><tr><th>Name</th><th>Starts with</th><th>Created</th><th>Last used</th><th>Revoke</th></tr></thead><tbody>${rows}</tbody></table></div>`}
<form class="inline" method="post" action="/settings"><input type="hidden" name="action" value="addKey"><div><label for="key-name">Name of a new key</label><input id="key-name" name="name" maxlength="60" placeholder="Laptop, CI"></div><button>Make a key</button></form></section>`;
}

function browsers({ browsers: all }: SettingsView): Html {
  const rows = all.map(
    ({ id, label, createdAt, isCurrent }) =>
      html`<li class="row spread"><span>${label} <span class="soft small">since ${time(createdAt)}</span>${isCurrent ? html` <span class="chip on">this browser</span>` : ""}</span>${
        isCurrent
          ? html`<form method="post" action="/sign-out"><button>Sign out</button></form>`
          : html`<form method="post" action="/settings"><input type="hidden" name="action" value="removeBrowser"><input type="hidden" name="id" value="${id}"><button>Sign out there</button></form>`
      }</li>`,
  );
  return html`<section class="card"><h2>Signed-in browsers</h2><ul class="list">${rows}</ul></section>`;
}

function zone({ timeZone }: SettingsView): Html {
  return html`<section class="card"><h2>Time zone</h2><p class="soft">Days in statistics and pictures begin at midnight there.</p>
<form class="inline" method="post" action="/settings"><input type="hidden" name="action" value="setTimeZone"><div><label for="time-zone">Zone, such as Europe/Berlin</label><input id="time-zone" name="timeZone" maxlength="60" value="${timeZone}" required></div><button>Save the zone</button></form></section>`;
}

function data({ deletion }: SettingsView): Html {
  const state =
    deletion === undefined
      ? ""
      : html`<p class="alert" role="status">Deletion of ${deletion.scope === "data" ? "all data" : "the account"}: ${deletion.status.replace("_", " ")}.</p>`;
  return html`<section class="card"><h2>Your data</h2>${state}
<p class="actions"><a class="button" href="/download?format=jsonl">Download everything (JSON Lines)</a><a class="button" href="/download?format=markdown">As Markdown</a></p>
<form method="post" action="/settings" data-confirm="Delete all your sessions? This cannot be undone."><input type="hidden" name="action" value="deleteData"><p class="row"><button class="danger">Delete all sessions</button><label class="small"><input type="checkbox" name="sure" value="yes" required> Yes, delete everything that was synced</label></p></form></section>`;
}
