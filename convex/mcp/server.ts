import { McpServer } from "@modelcontextprotocol/server";
import { API_VERSION } from "../wire/health";
import { INSTRUCTIONS } from "./instructions";
import type { Tool, ToolCall } from "./tool";
import { offerSessions } from "./resources";
import { getMessages } from "./tools/getMessages";
import { getSession } from "./tools/getSession";
import { recallContext } from "./tools/recallContext";
import { searchSessions } from "./tools/searchSessions";
import { sessionsForFile } from "./tools/sessionsForFile";
import { usage } from "./tools/usage";

/** Every tool, a line each. */
const TOOLS: readonly Tool[] = [
  recallContext,
  searchSessions,
  getSession,
  getMessages,
  sessionsForFile,
  usage,
];

/** Versions that are spoken: the newest without a handshake, and those with one that clients use. */
const PROTOCOL_VERSIONS = ["2026-07-28", "2025-11-25", "2025-06-18"];

const INFO = { name: "opensync", title: "OpenSync", version: API_VERSION };

/** Lists change with a release, not between requests. */
const LISTED = { ttlMs: 60 * 60_000, cacheScope: "public" } as const;

/** A server of the protocol for one request: no state is kept between requests. */
export function newServer(call: ToolCall): McpServer {
  const server = new McpServer(INFO, {
    instructions: INSTRUCTIONS,
    capabilities: { tools: { listChanged: false }, resources: { listChanged: false } },
    supportedProtocolVersions: PROTOCOL_VERSIONS,
    cacheHints: { "tools/list": LISTED, "server/discover": LISTED },
  });
  for (const offer of TOOLS) offer(server, call);
  offerSessions(server, call);
  return server;
}
