/**
 * Copies a text out of the heap of V8, because Node keeps strings that it decodes from more than 1 MB of bytes
 * outside. On a deployment, the source of functions is outside as well (`V8ExternalString` in Convex's
 * `crates/isolate/src/module_cache.rs`). A shorter text stays in the heap.
 */
export function externalText(text: string): string {
  // Without a regular expression, because V8 keeps the last text that one has matched.
  const latin1 = copied(text, "latin1");
  return latin1 === text ? latin1 : copied(text, "utf16le");
}

function copied(text: string, encoding: BufferEncoding): string {
  return Buffer.from(text, encoding).toString(encoding);
}
