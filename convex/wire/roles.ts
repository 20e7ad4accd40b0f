import { type Role, ROLES } from "../lib/enums";
import { isTooDeep } from "../lib/json";
import { cutBytes, wellFormed } from "../lib/text";

/** What else plugins and providers call them. */
const ALIASES: ReadonlyMap<string, Role> = new Map<string, Role>([
  ...ROLES.map((role) => [role, role] as const),
  ["human", "user"],
  ["ai", "assistant"],
  ["bot", "assistant"],
  ["model", "assistant"],
  ["agent", "assistant"],
  ["gemini", "assistant"],
  ["developer", "system"],
  ["function", "tool"],
]);

/** `toolResult`, `tool_response`, `function-output`: whatever a tool answered. */
const TOOL_ANSWER = /^(?:tool|function)(?:[_-]?call)?[_-]?(?:result|response|output|return)s?$/;

/** A role is a label; what is longer is none, and only its start is kept. */
const RAW_ROLE_MAX_BYTES = 200;

/** The role a value stands for; `rawRole` keeps what was sent where it is not one of ours. */
export function readRole(value: unknown): { role?: Role; rawRole?: string } {
  if (value === undefined || value === null) return {};
  if (isTooDeep(value)) return { role: "unknown" };
  const raw = typeof value === "string" ? value : JSON.stringify(value);
  const word = raw.trim().toLowerCase();
  const role = ALIASES.get(word) ?? (TOOL_ANSWER.test(word) ? "tool" : "unknown");
  return role === raw ? { role } : { role, rawRole: cutBytes(wellFormed(raw), RAW_ROLE_MAX_BYTES) };
}
