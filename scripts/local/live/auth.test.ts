import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Clock } from "../clock.ts";
import type { TestEngine } from "../testing.ts";
import {
  CallCounter,
  closeClients,
  connect,
  newSigner,
  RawClient,
  startLive,
} from "./live.fixture.ts";

let engine: TestEngine;
let sign: Awaited<ReturnType<typeof newSigner>>["sign"];
const clock = new Clock(true);
beforeAll(async () => {
  const signer = await newSigner();
  sign = signer.sign;
  engine = await startLive({ env: signer.env, clock });
});
afterEach(closeClients);
afterAll(() => engine.stop());

const nameOf = (subject: string) => `https://issuer.example|${subject}`;

describe("a client", () => {
  test("signs in, changes its user and signs out, and its queries follow", async () => {
    const ann = connect(engine.url);
    const me = ann.watch("people:me");
    await expect.poll(() => me.values).toEqual([null]);
    const states: boolean[] = [];
    let subject = "ann";
    let fetched = 0;
    const fetchToken = async () => {
      const token = await sign(subject, { n: fetched });
      fetched++;
      return token;
    };
    const signIn = () => ann.client.setAuth(fetchToken, (isSignedIn) => states.push(isSignedIn));
    signIn();
    await expect.poll(() => me.values.at(-1)).toBe(nameOf("ann"));
    expect(await ann.act("people:meByAction")).toBe(nameOf("ann"));
    subject = "bob";
    signIn();
    await expect.poll(() => me.values.at(-1)).toBe(nameOf("bob"));
    expect(new Set(states)).toEqual(new Set([true]));
    // A client fetches a second token once the first is confirmed, and would sign in with it after `clearAuth`.
    await expect.poll(() => fetched).toBe(4);
    ann.client.client.clearAuth();
    await expect.poll(() => me.values.at(-1)).toBe(null);
    expect(await ann.act("people:meByAction")).toBe(null);
  });

  test("that renews its token runs its queries again, and receives no result that it already has", async () => {
    const socket = await RawClient.open(engine.url);
    const authenticate = async (baseVersion: number) => {
      const value = await sign("ann", { n: baseVersion });
      socket.send({ type: "Authenticate", tokenType: "User", value, baseVersion });
      await expect
        .poll(() => socket.transitions.at(-1)?.endVersion?.identity)
        .toBe(baseVersion + 1);
    };
    socket.add(0, "people:me");
    await authenticate(0);
    const calls = new CallCounter(engine);
    await authenticate(1);
    expect(calls.of("people:me")).toBe(1);
    expect(socket.transitions.at(-1)?.modifications).toEqual([]);
    calls.stop();
    socket.socket.close();
  });

  test("whose token is refused fetches another, and is signed in", async () => {
    const ann = connect(engine.url);
    const me = ann.watch("people:me");
    const good = await sign("ann");
    const asked: boolean[] = [];
    ann.client.setAuth(({ forceRefreshToken }) => {
      asked.push(forceRefreshToken);
      return Promise.resolve(asked.length === 1 ? good.slice(0, -4) + "AAAA" : good);
    });
    await expect.poll(() => me.values.at(-1)).toBe(nameOf("ann"));
    expect(asked.slice(0, 2)).toEqual([false, true]);
  });

  test("that has only bad tokens ends up signed out, and its queries run", async () => {
    const ann = connect(engine.url);
    const states: boolean[] = [];
    const other = await newSigner();
    let n = 0;
    ann.client.setAuth(
      () => other.sign("ann", { n: n++ }),
      (isSignedIn) => states.push(isSignedIn),
    );
    const me = ann.watch("people:me");
    await expect.poll(() => states).toEqual([false]);
    await expect.poll(() => me.values).toEqual([null]);
  });
});

describe("a token", () => {
  const authenticated = async (): Promise<RawClient> => {
    const socket = await RawClient.open(engine.url);
    const value = await sign("ann", { exp: Math.floor(clock.now() / 1000) + 60 });
    socket.send({ type: "Authenticate", tokenType: "User", value, baseVersion: 0 });
    socket.add(0, "jobs:ticks");
    await expect.poll(() => socket.transitions.at(-1)?.modifications).toHaveLength(1);
    return socket;
  };
  const EXPIRED = { type: "AuthError", baseVersion: 1, authUpdateAttempted: false };

  test("that has expired ends the socket before the next result, mutation or action", async () => {
    const [query, mutation, action] = [
      await authenticated(),
      await authenticated(),
      await authenticated(),
    ];
    const told = query.transitions.length;
    clock.skipTo(clock.now() + 120_000);
    mutation.mutate(0, "live:add", { group: "expired", rank: 1 });
    action.send({ type: "Action", requestId: 0, udfPath: "people:meByAction", args: [{}] });
    await engine.runFunction("jobs:tick");
    for (const socket of [query, mutation, action]) {
      expect(await socket.closed).toEqual({ code: 1008, reason: "Unauthenticated" });
      expect(socket.received.at(-1)).toMatchObject(EXPIRED);
    }
    expect(query.transitions).toHaveLength(told);
    expect(await engine.runFunction("live:ranks", { group: "expired" })).toEqual([]);
  });

  test("that is refused gets an error with the version that it would have replaced", async () => {
    const socket = await RawClient.open(engine.url);
    socket.send({ type: "Authenticate", tokenType: "User", value: "no token", baseVersion: 0 });
    expect((await socket.closed).reason).toBe("Unauthenticated");
    const refusal = { type: "AuthError", baseVersion: 0, authUpdateAttempted: true };
    expect(socket.received.at(-1)).toMatchObject(refusal);
  });
});
