import { beforeEach, expect, test, vi } from "vitest";
import { api } from "../_generated/api";
import { deployment, eachTestAt, fromWorkos, rows, settle, type Deployment } from "../test.setup";
import { workosSignature } from "./webhooks.fixture";

eachTestAt(Date.UTC(2026, 0, 22, 12));
beforeEach(() => {
  vi.stubEnv("WORKOS_WEBHOOK_SECRET", "whsec_test");
  vi.stubEnv("WORKOS_CLIENT_ID", "client_1");
});

async function send(t: Deployment, body: string, signed?: string): Promise<number> {
  const headers: Record<string, string> =
    signed === undefined ? {} : { "WorkOS-Signature": signed };
  return (await t.fetch("/webhooks/workos", { method: "POST", headers, body })).status;
}

const updated = JSON.stringify({
  id: "event_1",
  event: "user.updated",
  data: {
    object: "user",
    id: "user_01",
    email: "new@example.com",
    email_verified: true,
    first_name: "New",
    last_name: null,
  },
});

async function world() {
  const t = deployment();
  const ada = fromWorkos(t, "user_01", { email: "old@example.com", name: "Old" });
  await ada.mutation(api.users.getOrCreate, {});
  return { t, ada };
}

test("a person renamed at WorkOS is renamed here", async () => {
  const { t, ada } = await world();
  expect(await send(t, updated, await workosSignature(updated))).toBe(200);
  expect(await ada.query(api.users.me, {})).toMatchObject({
    email: "new@example.com",
    name: "New",
  });
});

test("an event that is unsigned, altered, old or signed with another secret changes nothing", async () => {
  const { t, ada } = await world();
  const altered = updated.replace("new@", "evil@");
  const refused = [
    await send(t, updated),
    await send(t, updated, "nonsense"),
    await send(t, altered, await workosSignature(updated)),
    await send(t, updated, await workosSignature(updated, Date.now() - 600_000)),
    await send(t, updated, await workosSignature(updated, Date.now(), "whsec_other")),
    await send(t, "no json", await workosSignature("no json")),
  ];
  expect(refused).toEqual([401, 401, 401, 401, 401, 401]);
  expect(await ada.query(api.users.me, {})).toMatchObject({ email: "old@example.com" });
});

test("a person deleted at WorkOS is deleted here, and strangers and other events are ignored", async () => {
  const { t } = await world();
  const receive = async (event: object) => {
    const body = JSON.stringify(event);
    expect(await send(t, body, await workosSignature(body))).toBe(200);
    await settle(t);
    return (await rows(t, "users")).map(({ workosId }) => workosId);
  };
  expect(await receive({ event: "user.deleted", data: { id: "user_99" } })).toEqual(["user_01"]);
  const other = { event: "organization.created", data: { id: "org_1" } };
  expect(await receive(other)).toEqual(["user_01"]);
  expect(await receive({ event: "user.deleted", data: { id: "user_01" } })).toEqual([]);
});

test("without a secret every event is refused", async () => {
  vi.stubEnv("WORKOS_WEBHOOK_SECRET", undefined);
  const { t, ada } = await world();
  expect(await send(t, updated, await workosSignature(updated))).toBe(503);
  expect(await ada.query(api.users.me, {})).toMatchObject({ email: "old@example.com" });
});
