import { trimEndWhere } from "../text";

/** Sessions that still run. Pure. */

/** A project, by path or name, and the time since which a session was active in it. */
export type SessionActivity = { project: string; since: number };

/** As much of a session as tells where and when it ran. */
type Running = {
  projectName?: string;
  projectPath?: string;
  createdAt: number;
  activeUntil?: number;
};

/** Whether a session was active in the project since then. A folder inside the project belongs to it. */
export function wasActive(session: Running, { project, since }: SessionActivity): boolean {
  if ((session.activeUntil ?? session.createdAt) < since) return false;
  const wanted = normalized(project);
  const path = normalized(session.projectPath ?? "");
  const name = normalized(session.projectName ?? "");
  const isInside = path !== "" && (wanted === path || wanted.startsWith(`${path}/`));
  return isInside || (name !== "" && (wanted === name || wanted.split("/").pop() === name));
}

/** One spelling for a path of any system. */
function normalized(path: string): string {
  const spelled = path.trim().replace(/\\/g, "/").toLowerCase();
  return trimEndWhere(spelled, (character) => character === "/");
}
