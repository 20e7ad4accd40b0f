import { UNKNOWN_TOOL } from "../sessions/parts";
import type { Booking } from "./sessionDay";
import { packName, type ToolCount, type ToolUse, unpackName } from "./tools";

/**
 * Joins failed results with calls in other messages of the session, so that an error counts for its tool
 * whichever of the two arrives first. Pure.
 */

/** One call id: the tools that calls with it name (nearly always one), and the times of failed results. */
type Link = { tools: string[]; failedAt: number[] };
/** The latest links of a session, by the hash of the call's id, oldest first. */
export type Links = Map<string, Link>;

/** Links kept per session. A result nearly always follows its call within a few messages. */
const LINKS_MAX = 100;

/** Changes in errors, by the time of the result and by tool. */
type Errors = Map<number, Map<string, ToolCount>>;

/** What one message contributes to the links: now, and before if it was counted. */
export type LinkedUse = { at: number; before: ToolUse | undefined; now: ToolUse };

/** Replaces what messages contribute to the links; returns what that changes in the ledger. */
export function relink(links: Links, uses: readonly LinkedUse[]): Booking[] {
  const errors: Errors = new Map();
  for (const use of uses) relinkOne(links, use, errors);
  return Array.from(errors, ([at, tools]) => ({
    ...{ at, provider: "", model: "", sums: {}, sign: 1 as const },
    tools,
  }));
}

function relinkOne(links: Links, { at, before, now }: LinkedUse, errors: Errors): void {
  const change = (call: string, edit: (link: Link) => void) => {
    const link = links.get(call) ?? { tools: [], failedAt: [] };
    addErrors(errors, link, -1);
    edit(link);
    addErrors(errors, link, 1);
    links.delete(call);
    if (link.tools.length + link.failedAt.length > 0) links.set(call, link);
  };
  const [failed, failedBefore] = [new Set(now.failed), new Set(before?.failed)];
  for (const [call, tool] of before?.open ?? []) {
    if (now.open.get(call) !== tool) change(call, ({ tools }) => without(tools, tool));
  }
  for (const call of failedBefore) {
    if (!failed.has(call)) change(call, ({ failedAt }) => without(failedAt, at));
  }
  for (const [call, tool] of now.open) {
    if (before?.open.get(call) !== tool) change(call, ({ tools }) => tools.push(tool));
  }
  for (const call of failed) {
    if (!failedBefore.has(call)) change(call, ({ failedAt }) => failedAt.push(at));
  }
  for (const oldest of links.keys()) {
    if (links.size <= LINKS_MAX) break;
    links.delete(oldest);
  }
}

/** Adds the errors of a link, each at the time of its result. */
function addErrors(errors: Errors, { tools, failedAt }: Link, sign: 1 | -1): void {
  // The smallest name, so that the order of arrival makes no difference.
  const tool = tools.reduce(
    (first, name) => (name < first ? name : first),
    tools[0] ?? UNKNOWN_TOOL,
  );
  for (const at of failedAt) {
    const byTool = errors.get(at) ?? new Map<string, ToolCount>();
    errors.set(at, byTool);
    const sum = (byTool.get(tool)?.errors ?? 0) + sign;
    if (sum === 0) byTool.delete(tool);
    else byTool.set(tool, { calls: 0, errors: sum });
  }
}

function without<T>(list: T[], value: T): void {
  const at = list.indexOf(value);
  if (at >= 0) list.splice(at, 1);
}

/** Serialises links as `call:tool,tool:time,time;…`; times in base 36. */
export function packLinks(links: Links): string {
  return Array.from(links, ([call, { tools, failedAt }]) =>
    [call, tools.map(packName).join(), failedAt.map((at) => at.toString(36)).join()].join(":"),
  ).join(";");
}

/** Reads the output of `packLinks`. */
export function unpackLinks(text: string): Links {
  const list = (packed: string) => packed.split(",").filter((one) => one !== "");
  const links: Links = new Map();
  for (const packed of text.split(";").filter((one) => one !== "")) {
    const [call = "", tools = "", times = ""] = packed.split(":");
    const failedAt = list(times).map((time) => parseInt(time, 36));
    links.set(call, { tools: list(tools).map(unpackName), failedAt });
  }
  return links;
}
