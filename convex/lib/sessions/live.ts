import type { SessionState } from "../enums";
import { trimEndWhere } from "../text";

/** Recognises sessions that are still running. Pure. */

/** How long a session is active after its latest message: a model may think for minutes. */
const ACTIVE_MS = 10 * 60_000;

/** The state of a session at a time, ms. */
export function sessionState(
  session: { endReason?: string; activeUntil?: number; createdAt: number },
  at: number,
): SessionState {
  if (session.endReason !== undefined) return "ended";
  return (session.activeUntil ?? session.createdAt) >= at - ACTIVE_MS ? "active" : "quiet";
}

/** A project, by path or name, and the time since which a session must have been active in it. */
export type SessionActivity = { project: string; since: number };

/** The fields of a session that tell where and when it ran. */
type Running = {
  projectName?: string;
  projectPath?: string;
  createdAt: number;
  activeUntil?: number;
};

/** Whether a session was active in the project since then. Folders inside the project belong to it. */
export function wasActive(session: Running, { project, since }: SessionActivity): boolean {
  if ((session.activeUntil ?? session.createdAt) < since) return false;
  const wanted = normalized(project);
  const path = normalized(session.projectPath ?? "");
  const name = normalized(session.projectName ?? "");
  const isInside = path !== "" && (wanted === path || wanted.startsWith(`${path}/`));
  return isInside || (name !== "" && (wanted === name || wanted.split("/").pop() === name));
}

/** Normalises a path of any operating system. */
function normalized(path: string): string {
  const spelled = path.trim().replace(/\\/g, "/").toLowerCase();
  return trimEndWhere(spelled, (character) => character === "/");
}
