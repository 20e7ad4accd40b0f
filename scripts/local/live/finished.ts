import { KEEP_FINISHED_MS, MAX_FINISHED } from "./bounds.ts";
import type { RequestName } from "./results.ts";

/** The mutations of one socket whose response and transition are sent, oldest first. */
export class FinishedMutations {
  readonly #finished: { request: number; at: number }[] = [];

  add(requests: readonly number[]): void {
    const at = performance.now();
    for (const request of requests) this.#finished.push({ request, at });
  }

  /**
   * Removes and returns those that finished `KEEP_FINISHED_MS` ago, and the oldest beyond `MAX_FINISHED`. Returns
   * none for a client without a session, because its results are not stored.
   */
  take(session: string | null): RequestName[] {
    const all = this.#finished;
    const latest = performance.now() - KEEP_FINISHED_MS;
    const firstLater = all.findIndex(({ at }) => at > latest);
    const old = firstLater === -1 ? all.length : firstLater;
    const taken = all.splice(0, Math.max(old, all.length - MAX_FINISHED));
    return session === null ? [] : taken.map(({ request }) => ({ session, request }));
  }
}
