import { UNKNOWN_TOOL } from "../sessions/parts";
import type { Booking } from "./sessionDay";
import { packName, type ToolUse, unpackName } from "./tools";

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

/** Replaces what a message contributes to the links; returns what that changes in the ledger. */
export function relink(
  links: Links,
  { at, before, now }: { at: number; before: ToolUse | undefined; now: ToolUse },
): Booking[] {
  const bookings: Booking[] = [];
  const change = (call: string, edit: (link: Link) => void) => {
    const link = links.get(call) ?? { tools: [], failedAt: [] };
    bookings.push(...errorsOf(link, -1));
    edit(link);
    bookings.push(...errorsOf(link, 1));
    links.delete(call);
    if (link.tools.length + link.failedAt.length > 0) links.set(call, link);
  };
  const failures = (use: ToolUse | undefined) => new Set(use?.failed);
  for (const [call, tool] of before?.open ?? []) {
    if (now.open.get(call) !== tool) change(call, ({ tools }) => without(tools, tool));
  }
  for (const call of failures(before)) {
    if (!now.failed.includes(call)) change(call, ({ failedAt }) => without(failedAt, at));
  }
  for (const [call, tool] of now.open) {
    if (before?.open.get(call) !== tool) change(call, ({ tools }) => tools.push(tool));
  }
  for (const call of failures(now)) {
    if (!before?.failed.includes(call)) change(call, ({ failedAt }) => failedAt.push(at));
  }
  for (const oldest of links.keys()) {
    if (links.size <= LINKS_MAX) break;
    links.delete(oldest);
  }
  return bookings;
}

/** The errors that a link adds to the ledger, each at the time of its result. */
function errorsOf({ tools, failedAt }: Link, sign: 1 | -1): Booking[] {
  // The smallest name, so that the order of arrival makes no difference.
  const tool = [...tools].sort()[0] ?? UNKNOWN_TOOL;
  return failedAt.map((at) => ({
    ...{ at, provider: "", model: "", sums: {}, sign },
    tools: new Map([[tool, { calls: 0, errors: 1 }]]),
  }));
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
