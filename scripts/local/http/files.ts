import type { Engine } from "../runtime.ts";
import { jsonResponse } from "./messages.ts";

const PREFIX = "/api/storage/";

/** Lets pages of every origin upload, as on Convex. */
const UPLOAD_CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "POST, OPTIONS",
  "Access-Control-Allow-Headers": "Content-Type, Digest",
  "Access-Control-Max-Age": "86400",
};

export function isFileRequest(path: string): boolean {
  return path.startsWith(PREFIX);
}

/** Serves the links of `ctx.storage.getUrl` and `generateUploadUrl`. */
export async function serveFile(engine: Engine, request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const name = pathname.slice(PREFIX.length);
  if (name !== "upload") {
    const file = await engine.transactor.between(() => engine.files.fromLink(name, searchParams));
    if (file === null)
      return jsonResponse(404, { code: "FileNotFound", message: "File not found" });
    return new Response(new Uint8Array(file.bytes), {
      headers: {
        "Content-Type": file.contentType ?? "application/octet-stream",
        "Cache-Control": "private, max-age=2592000",
        "Access-Control-Allow-Origin": "*",
      },
    });
  }
  if (request.method === "OPTIONS")
    return new Response(null, { status: 204, headers: UPLOAD_CORS });
  const component = engine.files.uploadTarget(searchParams);
  if (request.method !== "POST" || component === null)
    return jsonResponse(403, {
      code: "InvalidUploadUrl",
      message: "The upload URL is invalid or has expired",
    });
  const bytes = Buffer.from(await request.arrayBuffer());
  const type = request.headers.get("content-type");
  const storageId = await engine.transactor.mutation(() =>
    Promise.resolve(engine.files.store(component, bytes, type)),
  );
  return jsonResponse(200, { storageId });
}
