import { beforeEach, describe, expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import { sha256 } from "../lib/hash";
import { withHash } from "../model/accounts/apiKeys";
import { browser } from "./browser.fixture";
import { deployment, eachTestAt, person, rows, SITE, settle, type Deployment } from "../test.setup";

/** Browsers that are signed in: how many, for how long, and by which of the two kinds of codes. */

const NOON = Date.UTC(2026, 10, 22, 12);
const DAY_MS = 86_400_000;
eachTestAt(NOON);

/** Posts the sign-in form; returns the browser's token, or undefined if it was refused. */
async function signIn(t: Deployment, fields: Record<string, string>): Promise<string | undefined> {
  const body = new URLSearchParams(fields).toString();
  const headers = { Origin: SITE, Accept: "text/html" };
  const answer = await t.fetch("/sign-in", { method: "POST", headers, body });
  return /__Host-opensync=([\w-]+)/.exec(answer.headers.get("Set-Cookie") ?? "")?.[1];
}

async function isSignedIn(t: Deployment, token: string | undefined): Promise<boolean> {
  const headers = { Cookie: `__Host-opensync=${token}`, Accept: "text/html" };
  return (await t.fetch("/stats", { headers })).status === 200;
}

test("the code of a link is no browser's token, and a browser's token is no code", async () => {
  const t = deployment();
  const ada = await person(t);
  const { code } = await t.mutation(internal.browserSessions.createLink, {
    email: "ada@example.com",
  });
  expect(await isSignedIn(t, code)).toBe(false);
  const token = await signIn(t, { key: ada.apiKey });
  expect(await signIn(t, { code: token ?? "" })).toBeUndefined();
  expect(await isSignedIn(t, token)).toBe(true);
  expect(await isSignedIn(t, await signIn(t, { code }))).toBe(true);
});

test("of 51 browsers the oldest is signed out, and no other, also where links were created meanwhile", async () => {
  const t = deployment();
  const ada = await person(t);
  const bob = await person(t, "bob@example.com");
  const bobs = await signIn(t, { key: bob.apiKey });
  const tokens: (string | undefined)[] = [];
  for (let n = 0; n < 51; n++) {
    vi.setSystemTime(NOON + n * 1_000);
    if (n % 10 === 5) {
      await t.mutation(internal.browserSessions.createLink, { email: "ada@example.com" });
    }
    tokens.push(await signIn(t, { key: ada.apiKey }));
    const browsers = (await rows(t, "browserSessions")).filter(({ kind }) => kind === "browser");
    expect(browsers.length).toBe(Math.min(n + 1, 50) + 1);
  }
  const states = await Promise.all(tokens.map((token) => isSignedIn(t, token)));
  expect(states).toEqual(tokens.map((_, n) => n > 0));
  expect(await isSignedIn(t, bobs)).toBe(true);
});

describe("signing in through WorkOS", () => {
  beforeEach(() => {
    vi.stubEnv("WORKOS_CLIENT_ID", "client_1");
    vi.stubEnv("WORKOS_API_KEY", "sk_test");
    vi.stubGlobal("fetch", (_: string, { body }: { body: string }) => {
      const { code } = JSON.parse(body) as { code: string };
      const user = {
        object: "user",
        id: "user_01",
        email: "ada@example.com",
        email_verified: true,
      };
      const tokens = { access_token: "header.e30.signature", refresh_token: "r" };
      return Promise.resolve(
        code === "good"
          ? Response.json({ user, ...tokens })
          : Response.json({ error: "invalid_grant" }, { status: 400 }),
      );
    });
  });

  const begin = async (t: Deployment) => {
    const chrome = browser(t);
    const leave = await chrome.open("/sign-in/workos?to=%2Fstats");
    const url = new URL(leave.headers.get("Location") ?? "");
    return { chrome, leave, url, state: url.searchParams.get("state") ?? "" };
  };

  test("leads to AuthKit and back, into the person's account and to the page they wanted", async () => {
    const t = deployment();
    const ada = await person(t);
    expect(await browser(t).text("/sign-in?to=%2Fstats")).toContain(
      'href="/sign-in/workos?to=%2Fstats"',
    );
    const { chrome, leave, url, state } = await begin(t);
    expect(leave.headers.get("Set-Cookie")).toMatch(/; HttpOnly; SameSite=Lax; Secure$/);
    expect(`${url.origin}${url.pathname}`).toBe("https://api.workos.com/user_management/authorize");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...{ client_id: "client_1", response_type: "code", provider: "authkit", state },
      redirect_uri: expect.stringMatching(/^https:\/\/[\w.]+\/sign-in\/callback$/) as string,
    });
    const back = await chrome.open(`/sign-in/callback?code=good&state=${state}`);
    const form = new URL(back.headers.get("Location") ?? "", SITE);
    expect(form.pathname).toBe("/sign-in");
    const { code = "", to = "" } = Object.fromEntries(form.searchParams);
    expect((await chrome.send("/sign-in", { code, to })).headers.get("Location")).toBe("/stats");
    expect(await chrome.text("/settings")).toContain("ada@example.com");
    const [session] = await rows(t, "browserSessions");
    expect(session?.userId).toBe(ada.userId);
  });

  test("signs nobody in with a state that this browser did not begin with, or a code that WorkOS refuses", async () => {
    const t = deployment();
    const { chrome, state } = await begin(t);
    const other = await begin(t);
    const attempts: [ReturnType<typeof browser>, string][] = [
      [chrome, `code=good&state=${other.state}`],
      [chrome, "code=good"],
      [chrome, `code=good&state=`],
      [browser(t), `code=good&state=${state}`],
      [chrome, `code=bad&state=${state}`],
      [chrome, `state=${state}&error=access_denied`],
    ];
    for (const [who, query] of attempts) {
      const answer = await who.open(`/sign-in/callback?${query}`);
      expect([query, answer.status]).toEqual([query, 403]);
      expect(await answer.text()).toContain("WorkOS did not sign you in");
    }
    expect(await rows(t, "browserSessions")).toEqual([]);
  });

  test("is neither offered nor served where it is not configured", async () => {
    vi.stubEnv("WORKOS_API_KEY", "");
    const t = deployment();
    expect(await browser(t).text("/sign-in")).not.toContain("Sign in with WorkOS");
    expect((await browser(t).open("/sign-in/workos")).status).toBe(404);
    expect((await browser(t).open("/sign-in/callback?code=good")).status).toBe(403);
  });
});

test("a browser is signed out by its own account only", async () => {
  const t = deployment();
  const ada = await person(t);
  const eve = await person(t, "eve@example.com");
  const token = await signIn(t, { key: ada.apiKey });
  const [browser = expect.fail()] = await rows(t, "browserSessions");
  const asKey = async ({ apiKey }: { apiKey: string }) =>
    ({ kind: "key", hash: await sha256(apiKey), prefix: "osk_" }) as const;
  const remove = async (who: { apiKey: string }) =>
    t.mutation(internal.browserSessions.remove, { caller: await asKey(who), id: browser._id });
  await expect(remove(eve)).rejects.toThrow("NOT_FOUND");
  expect(await isSignedIn(t, token)).toBe(true);
  await remove(ada);
  expect(await isSignedIn(t, token)).toBe(false);
});

test("the cron deletes every expired row, however many there are, and none that is still valid", async () => {
  const t = deployment();
  const ada = await person(t);
  await t.run(async ({ db }) => {
    for (let n = 0; n < 1_100; n++) {
      const old = { userId: ada.userId, kind: "browser" as const, label: "", hash: `h${n}` };
      await db.insert("browserSessions", { ...old, expiresAt: NOON + 30 * DAY_MS });
    }
  });
  vi.setSystemTime(NOON + 10 * DAY_MS);
  const token = await signIn(t, { key: ada.apiKey });
  await t.mutation(internal.browserSessions.prune, {});
  await settle(t);
  expect((await rows(t, "browserSessions")).length).toBeGreaterThan(1_000);
  vi.setSystemTime(NOON + 31 * DAY_MS);
  await t.mutation(internal.browserSessions.prune, {});
  await settle(t);
  expect(await rows(t, "browserSessions")).toHaveLength(1);
  expect(await isSignedIn(t, token)).toBe(true);
});

test("the hash of another account's key names no key", async () => {
  const t = deployment();
  const ada = await person(t);
  await person(t, "eve@example.com");
  const { key } = await ada.dashboard.mutation(api.apiKeys.create, { name: "laptop" });
  const hash = await sha256(key);
  const named = await t.run(async (ctx) => {
    const users = await ctx.db.query("users").collect();
    return await Promise.all(users.map((user) => withHash(ctx, user, hash)));
  });
  expect(named).toEqual([expect.objectContaining({ name: "laptop" }), null]);
});

test("the browsers of an account that is being deleted are signed out at once", async () => {
  const t = deployment();
  const ada = await person(t);
  const token = await signIn(t, { key: ada.apiKey });
  expect(await isSignedIn(t, token)).toBe(true);
  await ada.dashboard.action(api.users.deleteAccount, {});
  expect(await isSignedIn(t, token)).toBe(false);
  expect(await rows(t, "browserSessions")).toHaveLength(1);
});

test("a first key that replaces another has not been used yet", async () => {
  const t = deployment();
  const ada = await person(t);
  await t.run((ctx) => ctx.db.patch("users", ada.userId, { apiKeyUsedAt: NOON }));
  expect((await ada.dashboard.query(api.apiKeys.list, {}))[0]).toHaveProperty("lastUsedAt");
  await ada.dashboard.mutation(api.users.generateApiKey, {});
  expect((await ada.dashboard.query(api.apiKeys.list, {}))[0]).not.toHaveProperty("lastUsedAt");
});
