import { afterEach, beforeEach, vi } from "vitest";
import { deployment, emptyEnvironment, person } from "../../../convex/test.setup";
import type { Deployment, Person } from "../../../convex/test.setup";
import { pause } from "../../../convex/lib/pause";
import { virtualClock } from "./clock.fixture";
import { type Provider, startProvider } from "./server.fixture";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** The world of the test that runs, made anew for each: see `eachTestWithProvider`. */
export let server: Provider;
export let clock: ReturnType<typeof virtualClock>;
export let t: Deployment;
export let ada: Person;

/** Every test of the file has Ada in a deployment whose provider of embeddings is on loopback. */
export function eachTestWithProvider(): void {
  beforeEach(async () => {
    server = await startProvider();
    clock = virtualClock();
    emptyEnvironment();
    vi.stubEnv("OPENAI_API_KEY", "test");
    vi.stubEnv("OPENAI_BASE_URL", server.url);
    // Pauses between writes are real time, which the virtual clock does not move.
    vi.spyOn(pause, "forMs").mockResolvedValue();
    vi.spyOn(console, "error").mockImplementation(() => {});
    t = deployment();
    ada = await person(t);
  });
  afterEach(async () => {
    clock.restore();
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await server.close();
  });
}
