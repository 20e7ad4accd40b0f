import type { JSONValue } from "convex/values";
import { z } from "zod";
import { parseJson } from "../values/json.ts";
import { ProtocolError } from "./protocolError.ts";

/** Messages of the `convex` package's clients (`convex/src/browser/sync/protocol.ts`). */
const id = z.int().min(0).max(0xffff_ffff);
const json = z.custom<JSONValue>();
const args = z.array(json).max(1);
/** Addresses a function of a component, which only admins may call. */
const componentPath = z.string().nullish();

const addQuery = z.object({
  type: z.literal("Add"),
  queryId: id,
  udfPath: z.string(),
  args,
  journal: z.string().nullish(),
  componentPath,
});
const removeQuery = z.object({ type: z.literal("Remove"), queryId: id });
const call = { requestId: id, udfPath: z.string(), args, componentPath };

const clientMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("Connect"),
    sessionId: z.string().max(100),
    maxObservedTimestamp: z.string().nullish(),
    clientTs: z.number().nullish(),
  }),
  z.object({
    type: z.literal("ModifyQuerySet"),
    baseVersion: id,
    newVersion: id,
    modifications: z.array(z.discriminatedUnion("type", [addQuery, removeQuery])),
  }),
  z.object({ type: z.literal("Mutation"), ...call }),
  z.object({ type: z.literal("Action"), ...call }),
  z.object({
    type: z.literal("Authenticate"),
    baseVersion: id,
    tokenType: z.enum(["None", "User", "Admin"]),
    value: z.string().optional(),
  }),
  z.object({ type: z.literal("Event") }),
]);

export type ClientMessage = z.infer<typeof clientMessage>;
type Message<Type extends ClientMessage["type"]> = Extract<ClientMessage, { type: Type }>;
export type Connect = Message<"Connect">;
export type ModifyQuerySet = Message<"ModifyQuerySet">;
export type Authenticate = Message<"Authenticate">;
export type CallRequest = Message<"Mutation" | "Action">;
export type AddQuery = z.infer<typeof addQuery>;

/** Reads a client's message; throws a fatal `ProtocolError` for anything else. */
export function readMessage(text: string): ClientMessage {
  let value: unknown;
  try {
    value = parseJson<unknown>(text);
  } catch (error) {
    throw new ProtocolError("fatal", `Received Invalid JSON on websocket: ${String(error)}`);
  }
  const read = clientMessage.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const what = `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim();
  throw new ProtocolError("fatal", `Received Invalid JSON on websocket: ${what}`);
}

/** Encodes a timestamp as clients expect it: 8 bytes, the lowest first, as base64. */
export function encodeTimestamp(timestamp: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(timestamp);
  return bytes.toString("base64");
}

/** Decodes a client's timestamp; throws a fatal `ProtocolError` if it does not have 8 bytes. */
export function decodeTimestamp(encoded: string): bigint {
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.length !== 8) throw new ProtocolError("fatal", "Invalid maxObservedTimestamp");
  return bytes.readBigUInt64LE();
}

/** The state of a client: the versions of its query set and identity, and the commit that its results belong to. */
export interface Version {
  querySet: number;
  identity: number;
  timestamp: bigint;
}

export const INITIAL_VERSION: Version = { querySet: 0, identity: 0, timestamp: 0n };

function versionJson({ querySet, identity, timestamp }: Version): string {
  return JSON.stringify({ querySet, identity, ts: encodeTimestamp(timestamp) });
}

/** Returns a `Transition` as text; `modifications` are JSON texts. */
export function transitionText(
  start: Version,
  end: Version,
  modifications: readonly string[],
  clientClockSkew: number | null,
): string {
  const skew = clientClockSkew === null ? "" : `,"clientClockSkew":${clientClockSkew}`;
  return `{"type":"Transition","startVersion":${versionJson(start)},"endVersion":${versionJson(end)},"modifications":[${modifications.join(",")}]${skew}}`;
}

/**
 * Splits a transition into `TransitionChunk`s of `size` characters. A chunk may end inside a surrogate pair:
 * `JSON.stringify` escapes the halves, and the client joins them again.
 */
export function chunksOf(transition: string, size: number, transitionId: string): string[] {
  const totalParts = Math.ceil(transition.length / size);
  return Array.from({ length: totalParts }, (_, partNumber) =>
    JSON.stringify({
      type: "TransitionChunk",
      chunk: transition.slice(partNumber * size, (partNumber + 1) * size),
      partNumber,
      totalParts,
      transitionId,
    }),
  );
}
