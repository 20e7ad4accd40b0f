import { route } from "./route";

export const mcp = route({
  method: "POST",
  path: "/mcp",
  name: "mcp",
  summary: "Model Context Protocol: search past sessions as an agent (`docs/mcp.md`)",
  access: "caller",
  limit: "search",
  rawBody: "application/json",
});
