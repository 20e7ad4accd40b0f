import { describe, expect, test } from "vitest";
import { Clock } from "../clock.ts";
import { TooManyWritesError, withWriteRetries, WriteWindow } from "./writeWindow.ts";

const MIB = 1 << 20;

describe("the write window", () => {
  test("lets a mutation start within 4 MiB per second, and refuses the next one beyond that", () => {
    const window = new WriteWindow(4 * MIB, new Clock());
    window.record(4 * MIB);
    window.assertOpen();
    window.record(1);
    expect(() => window.assertOpen()).toThrow(TooManyWritesError);
  });

  test("opens again a second later, for as much as before", () => {
    const clock = new Clock(true);
    const window = new WriteWindow(4 * MIB, clock);
    for (let second = 0; second < 3; second++) {
      window.record(4 * MIB);
      window.assertOpen();
      window.record(1);
      expect(() => window.assertOpen()).toThrow(TooManyWritesError);
      clock.skipTo(clock.now() + 1_000);
      window.assertOpen();
    }
  });

  test("causes four retries with random, doubling delays before the error", async () => {
    let tries = 0;
    const refused = withWriteRetries(() => {
      tries++;
      return Promise.reject(new TooManyWritesError(1));
    });
    await expect(refused).rejects.toThrow("TooManyWrites");
    expect(tries).toBe(5);
  });
});
