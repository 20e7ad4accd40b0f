import { createHash } from "node:crypto";
import { currentCall } from "./context.ts";

/** Node's names for the hash functions of `crypto.subtle.digest`. */
const HASHES: Record<string, string> = {
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};

function hashNameOf(algorithm: AlgorithmIdentifier): string | undefined {
  const name = typeof algorithm === "string" ? algorithm : algorithm.name;
  return HASHES[name.toUpperCase()];
}

function bytesOf(data: BufferSource): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

/**
 * Computes a digest synchronously. Node would use its thread pool, which takes longer than the computation
 * and lets other requests run while the transaction keeps others waiting.
 */
function digest(algorithm: AlgorithmIdentifier, data: BufferSource): Promise<ArrayBuffer> {
  const hash = hashNameOf(algorithm);
  if (hash === undefined) return globalThis.crypto.subtle.digest(algorithm, data);
  const bytes = createHash(hash).update(bytesOf(data)).digest();
  return Promise.resolve(new Uint8Array(bytes).buffer);
}

/** Wraps a method of `crypto.subtle`, so that the clock of the awaiting function resumes when it resolves. */
function timed(method: (...args: unknown[]) => Promise<unknown>) {
  return (...args: unknown[]) => {
    const clock = currentCall()?.transaction?.clock;
    const result = method.apply(globalThis.crypto.subtle, args);
    return clock === undefined ? result : result.finally(() => clock.resume());
  };
}

/** `crypto.subtle` for functions. */
export const subtle = new Proxy(globalThis.crypto.subtle, {
  get: (target, name) => {
    if (name === "digest") return digest;
    const member: unknown = Reflect.get(target, name, target);
    if (typeof member !== "function") return member;
    return timed(member as (...args: unknown[]) => Promise<unknown>);
  },
});

/**
 * `TextDecoder` as on Convex: with `fatal`, a stream of invalid UTF-8 decodes to `undefined` instead of
 * throwing (`crates/isolate/src/ops/text.rs`).
 */
export class PlatformTextDecoder extends TextDecoder {
  override decode(input?: BufferSource, options?: TextDecodeOptions): string {
    if (!this.fatal || options?.stream !== true) return super.decode(input, options);
    try {
      return super.decode(input, options);
    } catch {
      return undefined as unknown as string;
    }
  }
}
