import { internal } from "../../_generated/api";
import { env, type ActionCtx } from "../../_generated/server";
import { notFound } from "../../errors";
import { zoneNamed } from "../../lib/stats/zones";
import { maskSecrets } from "../../lib/secrets/mask";
import { settingsPage } from "../../pages/settings";
import { sharesPage } from "../../pages/shares";
import { API_VERSION } from "../../wire/health";
import type { Caller } from "../authenticate";
import { readText } from "../body";
import type { Endpoint } from "../endpoint";
import { ownerPage } from "./endpoint";
import { pagePolicy, pageResponse, redirect } from "./respond";

const NOTICES: ReadonlyMap<string, string> = new Map([
  ["revoked", "The key is revoked."],
  ["signedOut", "That browser is signed out."],
  ["zone", "The time zone is saved."],
  ["zoneUnknown", "There is no such time zone. Use a name such as Europe/Berlin."],
  ["deleting", "Your sessions are being deleted."],
]);

export const getSettings: Endpoint = ownerPage(
  { method: "GET", path: "/settings" },
  (ctx, { caller, query }) => show(ctx, caller, { notice: NOTICES.get(query.get("done") ?? "") }),
);

/** A change of the account, submitted by its owner with a form. */
export const postSettings: Endpoint = ownerPage(
  { method: "POST", path: "/settings" },
  async (ctx, { caller, request }) => {
    const form = new URLSearchParams(await readText(request));
    const id = form.get("id") ?? "";
    switch (form.get("action")) {
      case "addKey": {
        const name = form.get("name")?.trim() || undefined;
        const { key } = await ctx.runMutation(internal.account.addKey, { caller, name });
        return await show(ctx, caller, { newKey: key });
      }
      case "revokeKey":
        await ctx.runMutation(internal.account.removeKey, { caller, id });
        return redirect("/settings?done=revoked");
      case "removeBrowser":
        await ctx.runMutation(internal.browserSessions.remove, { caller, id });
        return redirect("/settings?done=signedOut");
      case "setTimeZone":
        return await setTimeZone(ctx, caller, form.get("timeZone") ?? "");
      case "deleteData":
        await ctx.runMutation(internal.account.deleteData, { caller });
        return redirect("/settings?done=deleting");
      default:
        throw notFound("Action");
    }
  },
);

async function setTimeZone(ctx: ActionCtx, caller: Caller, name: string): Promise<Response> {
  const timeZone = zoneNamed(name.trim());
  if (timeZone === undefined) return redirect("/settings?done=zoneUnknown");
  await ctx.runMutation(internal.account.setTimeZone, { caller, timeZone });
  return redirect("/settings?done=zone");
}

async function show(
  ctx: ActionCtx,
  caller: Caller,
  told: { notice?: string; newKey?: string },
): Promise<Response> {
  const current = caller.kind === "browser" ? caller.hash : "";
  const account = await ctx.runQuery(internal.account.settings, { caller, current });
  const policy = await pagePolicy();
  const view = { ...account, ...told, deployment: deploymentState() };
  return pageResponse(settingsPage({ policy, viewer: { kind: "owner" } }, view), policy);
}

/** What an owner should know about the deployment: its version, and where texts are sent. */
function deploymentState(): (readonly [string, string])[] {
  const provider = env.OPENAI_BASE_URL ?? "OpenAI";
  const isEmbedding = env.OPENAI_API_KEY !== undefined && env.OPENAI_API_KEY !== "";
  return [
    ["Version", API_VERSION],
    [
      "Search by meaning",
      isEmbedding ? `on: texts are sent to ${provider}` : "off: no text leaves this deployment",
    ],
    ["Sign-in with WorkOS", env.WORKOS_CLIENT_ID ? "configured" : "not configured"],
  ];
}

/** The sessions that the owner shares. */
export const shares: Endpoint = ownerPage(
  { method: "GET", path: "/shares" },
  async (ctx, { caller }) => {
    const found = maskSecrets(await ctx.runQuery(internal.account.shares, { caller }));
    const policy = await pagePolicy();
    return pageResponse(sharesPage({ policy, viewer: { kind: "owner" } }, found), policy);
  },
);
