import type { Deployment } from "../../../convex/test.setup";
import { vi } from "vitest";

/** How often the clock waits for a function that was scheduled at once: seconds on any machine. */
const TRIES_MAX = 500;

type Timer = { at: number; run: () => void };

/**
 * The time of day and Convex's scheduler, moved by the test. Real HTTP needs real timers, so those of
 * everybody else are left alone; so is what is scheduled at once.
 */
export function virtualClock(start = Date.UTC(2026, 0, 22, 12)) {
  const timers = new Map<object, Timer>();
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  vi.stubGlobal("setTimeout", (run: () => void, ms = 0, ...rest: unknown[]) => {
    if (ms === 0 || !/convex-test/.test(new Error().stack ?? ""))
      return real.setTimeout(run, ms, ...rest);
    const handle = { unref: () => handle, ref: () => handle };
    timers.set(handle, { at: Date.now() + ms, run });
    return handle;
  });
  vi.stubGlobal("clearTimeout", (handle: object | undefined) => {
    if (handle === undefined || !timers.delete(handle)) real.clearTimeout(handle as NodeJS.Timeout);
  });
  /** Whether a function that was scheduled at once has not begun: on a busy machine, its real timer is late. */
  const isBehind = (t: Deployment) =>
    t.run(async ({ db }) => {
      const scheduled = db.system.query("_scheduled_functions");
      const pending = await scheduled
        .filter((q) => q.eq(q.field("state.kind"), "pending"))
        .collect();
      const isDue = (at: number) => at <= Date.now();
      return (
        pending.some(({ scheduledTime }) => isDue(scheduledTime)) &&
        ![...timers.values()].some(({ at }) => isDue(at))
      );
    });
  const idle = async (t: Deployment) => {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      await new Promise((resolve) => real.setTimeout(resolve, 3));
      await t.finishInProgressScheduledFunctions();
      if (!(await isBehind(t))) return;
    }
  };
  return {
    /** Lets scheduled functions run that are due within `ms`. */
    async advance(t: Deployment, ms: number) {
      const end = Date.now() + ms;
      for (;;) {
        await idle(t);
        const next = [...timers].sort(([, a], [, b]) => a.at - b.at)[0];
        if (next === undefined || next[1].at > end) break;
        timers.delete(next[0]);
        vi.setSystemTime(Math.max(Date.now(), next[1].at));
        next[1].run();
      }
      vi.setSystemTime(end);
    },
    restore() {
      vi.unstubAllGlobals();
      vi.useRealTimers();
    },
  };
}
