/** A part of a prompt: what the person wrote, or what a tool injected. */
export type Segment =
  { kind: "prose"; text: string } | { kind: "wrapper"; name: string; text: string };

/** Elements that tools inject into prompts, and their labels. */
const WRAPPERS: ReadonlyMap<string, string> = new Map([
  ["system-reminder", "System reminder"],
  ["local-command-caveat", "Note on a local command"],
  ["local-command-stdout", "Output of a local command"],
  ["command-message", "Command"],
  ["command-name", "Command"],
  ["command-args", "Arguments of the command"],
  ["command-contents", "Text of the command"],
  ["bash-input", "Shell command"],
  ["bash-stdout", "Shell output"],
  ["bash-stderr", "Shell errors"],
  ["environment_context", "Environment"],
  ["environment_details", "Environment"],
  ["user_instructions", "Standing instructions"],
  ["user_info", "About the user"],
  ["attached_files", "Attached files"],
  ["additional_data", "Attached data"],
  ["ide_selection", "Selection in the editor"],
  ["ide_opened_file", "Open file in the editor"],
  ["task-notification", "Notification of a task"],
]);

const OPENING = new RegExp(`<(${Array.from(WRAPPERS.keys()).join("|")})(?:\\s[^<>]{0,200})?>`, "g");

/** The most segments of one text; the rest is prose. */
const SEGMENTS_MAX = 100;

/** Splits a text into prose and injected elements, in order. Reads the text once. */
export function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = [];
  let at = 0;
  for (const match of text.matchAll(OPENING)) {
    if (match.index < at) continue;
    if (segments.length >= SEGMENTS_MAX) break;
    const name = match[1] ?? "";
    const start = match.index + match[0].length;
    const closing = `</${name}>`;
    const end = text.indexOf(closing, start);
    // Without an end, no later element of this name can be closed either, but other ones may be.
    if (end < 0) continue;
    push(segments, { kind: "prose", text: text.slice(at, match.index) });
    push(segments, {
      kind: "wrapper",
      name: WRAPPERS.get(name) ?? name,
      text: text.slice(start, end),
    });
    at = end + closing.length;
  }
  push(segments, { kind: "prose", text: text.slice(at) });
  return segments;
}

function push(segments: Segment[], segment: Segment): void {
  if (segment.text.trim() !== "") segments.push({ ...segment, text: segment.text.trim() });
}
