import * as z from "zod";
import { isTooDeep, wellFormedJson } from "../lib/json";

/** Parses the body of an MCP request, as far as all versions of the protocol agree. Pure. */

/** The longest id, name or address, because errors repeat them. */
const NAME_MAX_CHARS = 2_000;

const Id = z.union([z.string().max(NAME_MAX_CHARS), z.number()]);
export type RpcId = z.output<typeof Id> | null;

const Message = z.looseObject({
  jsonrpc: z.literal("2.0"),
  method: z.string().optional(),
  id: Id.nullish(),
  params: z.looseObject({}).optional(),
});
export type RpcMessage = z.output<typeof Message>;

/** Why a body is not a message, with JSON-RPC's code. */
export type Fault = { id: RpcId; code: number; message: string };

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const INVALID_PARAMS = -32602;

/** Parses the message in a body, or tells what is wrong with it. */
export function readRpc(
  text: string,
): { ok: true; message: RpcMessage } | { ok: false; fault: Fault } {
  const value = parse(text);
  if (value === undefined) return fault(PARSE_ERROR, "Parse error: the body is not valid JSON");
  if (Array.isArray(value)) {
    return fault(INVALID_REQUEST, "Batches are not part of the protocol since 2025-06-18");
  }
  if (isTooDeep(value)) return fault(INVALID_REQUEST, "The message nests too deep");
  const { success, data } = Message.safeParse(wellFormedJson(value));
  const isMessage = success && (data.method !== undefined || "result" in data || "error" in data);
  if (!isMessage) {
    return fault(INVALID_REQUEST, "The body is not a JSON-RPC 2.0 message", idOf(value));
  }
  if (data.method !== undefined && data.id === null) {
    return fault(INVALID_REQUEST, "The id of a request must not be null");
  }
  const long = ["name", "uri"].find((field) => isTooLong(data.params?.[field]));
  if (long === undefined) return { ok: true, message: data };
  return fault(
    INVALID_PARAMS,
    `params.${long} is longer than ${NAME_MAX_CHARS} characters`,
    data.id,
  );
}

function isTooLong(value: unknown): boolean {
  return typeof value === "string" && value.length > NAME_MAX_CHARS;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function idOf(value: unknown): RpcId {
  return z.looseObject({ id: Id }).safeParse(value).data?.id ?? null;
}

function fault(code: number, message: string, id: RpcId = null) {
  return { ok: false as const, fault: { code, message, id } };
}

/** Whether a message expects an answer; notifications and answers of a client do not. */
export function isRequest({ method, id }: RpcMessage): boolean {
  return method !== undefined && id !== undefined;
}
