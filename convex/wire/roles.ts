import { type Role, ROLES } from "../lib/enums";
import { isTooDeep } from "../lib/json";
import { cutBytes, wellFormed } from "../lib/text";

/** Other names of the roles, as plugins and providers use them. */
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

/** Names for the result of a tool: `toolResult`, `tool_response`, `function-output`. */
const TOOL_ANSWER = /^(?:tool|function)(?:[_-]?call)?[_-]?(?:result|response|output|return)s?$/;

/** The longest role that is kept as sent; longer ones are cut. */
const RAW_ROLE_MAX_BYTES = 200;

/** Parses a role. `rawRole` keeps what was sent if it is not one of ours. */
export function readRole(value: unknown): { role?: Role; rawRole?: string } {
  if (value === undefined || value === null) return {};
  if (isTooDeep(value)) return { role: "unknown" };
  const raw = typeof value === "string" ? value : JSON.stringify(value);
  const word = raw.trim().toLowerCase();
  const role = ALIASES.get(word) ?? (TOOL_ANSWER.test(word) ? "tool" : "unknown");
  return role === raw ? { role } : { role, rawRole: cutBytes(wellFormed(raw), RAW_ROLE_MAX_BYTES) };
}
