import { expect, test, vi } from "vitest";
import { Permits, TooManyConcurrentError } from "./permits.ts";

test("an action that waited too long for its turn takes none, so that the next one runs", async () => {
  vi.useFakeTimers();
  const permits = new Permits(1);
  let end: () => void = () => undefined;
  const first = permits.hold(() => new Promise<void>((resolve) => (end = resolve)));
  const late = permits.hold(() => Promise.resolve("late")).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await late).toBeInstanceOf(TooManyConcurrentError);
  end();
  await first;
  expect(await permits.hold(() => Promise.resolve("next"))).toBe("next");
  vi.useRealTimers();
});
