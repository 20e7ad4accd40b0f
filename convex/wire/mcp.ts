import { route } from "./route";

export const mcp = route({
  method: "POST",
  path: "/mcp",
  name: "mcp",
  summary: "Model Context Protocol: what an agent asks past sessions (`docs/mcp.md`)",
  access: "caller",
  limit: "search",
  rawBody: "application/json",
});
