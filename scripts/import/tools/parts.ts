import type { Part } from "../rows.ts";

/** Parts in the dialect that most plugins send. Pure. */

export function toolCall(call: {
  id: string | undefined;
  name: string | undefined;
  args: unknown;
  [beside: string]: unknown;
}): Part {
  const { id, name, args, ...beside } = call;
  return { type: "tool-call", content: { ...ofCall(id, name ?? "unknown"), args, ...beside } };
}

export function toolResult(result: {
  id: string | undefined;
  name: string | undefined;
  output: unknown;
  isError: boolean;
  /** What the tool tells beyond its output. */
  detail?: unknown;
}): Part {
  const { id, name, output, isError, detail } = result;
  const content = {
    ...ofCall(id, name),
    output: output ?? null,
    ...(isError ? { is_error: true } : {}),
    ...(detail === undefined || detail === null ? {} : { detail }),
  };
  return { type: "tool-result", content };
}

const ofCall = (id: string | undefined, name: string | undefined) => ({
  ...(id === undefined ? {} : { toolCallId: id }),
  ...(name === undefined ? {} : { toolName: name }),
});
