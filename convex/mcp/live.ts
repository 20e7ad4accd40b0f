import * as z from "zod";
import type { SessionActivity } from "../lib/sessions/live";

/** How long after its last message a session counts as live. */
const LIVE_MS = 10 * 60_000;

/** Arguments of the tools that look for sessions. */
export const liveArguments = {
  cwd: z
    .string()
    .max(2_000)
    .optional()
    .describe(
      "Your working directory or project name. Leaves out your own running session: those of this project with a message in the last 10 minutes.",
    ),
};

/** The filter that leaves out the caller's own session, where the caller says where it works. */
export function withoutLive(cwd: string | undefined, now: number): { live?: SessionActivity } {
  const project = cwd?.trim() ?? "";
  return project === "" ? {} : { live: { project, since: now - LIVE_MS } };
}
