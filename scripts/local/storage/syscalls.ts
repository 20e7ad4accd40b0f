import type { Call } from "../functions/context.ts";
import type { AsyncSyscall } from "../functions/syscallTypes.ts";
import { observeDocument } from "../transaction/writes.ts";
import { parseJson, text, type JsonObject } from "../values/json.ts";

function storageId(args: Record<string, unknown>): string {
  const { storageId } = args;
  if (typeof storageId !== "string") throw new Error("Invalid argument `storageId`");
  return storageId;
}

/** Writes in the mutation's transaction or, for an action, in a separate one. */
function writing<T>(call: Call, work: () => T): Promise<T> {
  if (call.transaction !== null) return Promise.resolve(work());
  return call.engine.transactor.mutation(() => Promise.resolve(work()));
}

/** Runs a read of one file in the caller's transaction or, for an action, between transactions. */
function reading<T>(call: Call, id: string, work: () => T): Promise<T> {
  if (call.transaction !== null) {
    const table = call.engine.catalog.tableOfId(call.component, id);
    if (table !== undefined) observeDocument({ transaction: call.transaction }, table, id);
    return Promise.resolve(work());
  }
  return call.engine.transactor.between(work);
}

/** `ctx.storage.store(blob)` of an action. */
export async function storageStore(call: Call, args: Record<string, unknown>): Promise<string> {
  const { blob, options } = args;
  if (!(blob instanceof Blob)) throw new Error("store() expects a Blob");
  const bytes = Buffer.from(await blob.arrayBuffer());
  const { sha256 } = (options ?? {}) as { sha256?: string };
  const { files } = call.engine;
  return await writing(call, () => files.store(call.component, bytes, blob.type || null, sha256));
}

/** `ctx.storage.get(id)` of an action. */
export async function storageGet(call: Call, args: Record<string, unknown>): Promise<Blob | null> {
  const id = storageId(args);
  const file = await reading(call, id, () => call.engine.files.get(call.component, id));
  if (file === null) return null;
  return new Blob([new Uint8Array(file.bytes)], { type: file.contentType ?? "" });
}

function store(call: Call, args: JsonObject): Promise<string> {
  const bytes = Buffer.from(text(args["blob"]), "base64");
  const { contentType, sha256 } = args;
  const digest = typeof sha256 === "string" ? sha256 : undefined;
  const type = typeof contentType === "string" && contentType !== "" ? contentType : null;
  call.transaction?.account.spend({ bytesWritten: bytes.length });
  return writing(call, () => call.engine.files.store(call.component, bytes, type, digest));
}

export const storageSyscalls: Record<string, AsyncSyscall> = {
  "1.0/storageStore": async (call, args) => JSON.stringify(await store(call, args)),
  "1.0/storageGet": async (call, args) => {
    const id = storageId(args);
    const file = await reading(call, id, () => call.engine.files.get(call.component, id));
    call.transaction?.account.spend({ bytesRead: file?.bytes.length ?? 0 });
    return JSON.stringify(
      file && { blob: file.bytes.toString("base64"), contentType: file.contentType },
    );
  },
  "1.0/storageGetUrl": (call, args) => {
    const id = storageId(args);
    return reading(call, id, () => {
      const { files, origin } = call.engine;
      return JSON.stringify(
        files.has(call.component, id) ? origin + files.pathOf(call.component, id) : null,
      );
    });
  },
  "1.0/storageGetMetadata": (call, args) => {
    const id = storageId(args);
    return reading(call, id, () => {
      const { files, documents } = call.engine;
      if (!files.has(call.component, id)) return "null";
      const { sha256, size, contentType } = parseJson<JsonObject>(documents.get(id)?.json ?? "{}");
      return JSON.stringify({ storageId: id, sha256, size, contentType: contentType ?? null });
    });
  },
  "1.0/storageGenerateUploadUrl": (call) =>
    JSON.stringify(call.engine.origin + call.engine.files.uploadPath(call.component)),
  "1.0/storageDelete": async (call, args) => {
    await writing(call, () => {
      call.engine.files.delete(call.component, storageId(args));
    });
    return "{}";
  },
};
