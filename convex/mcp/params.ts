import { specTypeSchemas } from "@modelcontextprotocol/server";

/**
 * Checks the params of the methods that are served. The library's server checks them too, but
 * answers that it failed (-32603) instead of that the client did.
 */

const SCHEMAS = new Map<string | undefined, (typeof specTypeSchemas)[keyof typeof specTypeSchemas]>(
  [
    ["initialize", specTypeSchemas.InitializeRequest],
    ["tools/list", specTypeSchemas.ListToolsRequest],
    ["tools/call", specTypeSchemas.CallToolRequest],
    ["resources/list", specTypeSchemas.ListResourcesRequest],
    ["resources/templates/list", specTypeSchemas.ListResourceTemplatesRequest],
    ["resources/read", specTypeSchemas.ReadResourceRequest],
  ],
);

type Issue = { path?: readonly unknown[]; message: string };

type RpcParams = { method?: string; params?: { [name: string]: unknown } };

/** Says what is wrong with the params of a request; undefined if they can be used. */
export function faultOfParams({ method, params }: RpcParams): string | undefined {
  const { issues } = SCHEMAS.get(method)?.["~standard"].validate({ method, params }) ?? {};
  const [issue] = issues ?? [];
  if (issue !== undefined) return `Invalid params: ${textOf(issue)}`;
  const { cursor = "" } = params ?? {};
  if (cursor === "" || method?.endsWith("/list") !== true) return undefined;
  return "Invalid params: params.cursor was not given by this server, whose lists have one page";
}

function textOf({ path = [], message }: Issue): string {
  return `${path.map(keyOf).join(".")} ${message.replace(/^Invalid input: /, "is invalid: ")}`;
}

/** A segment of an issue's path is a key, or an object that holds one. */
function keyOf(segment: unknown): string {
  return typeof segment === "object" && segment !== null && "key" in segment
    ? String(segment.key)
    : String(segment);
}
