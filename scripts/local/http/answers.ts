export type Bytes = Uint8Array<ArrayBuffer>;

/** The answer to a request, as it is sent, by this thread or by that of HTTP actions (`actionThread/`). */
export interface Answer {
  status: number;
  /** Names in lower case, with their values; cookies each on their own. */
  headers: [string, string][];
  /** The whole body, if it is there at once. */
  body: Bytes | BodyReader | null;
}

/** Reads a body that comes in chunks. A reader may stop before their end. */
export interface BodyReader {
  read(): Promise<{ done: false; value: Bytes } | { done: true; value?: unknown }>;
  cancel(reason?: unknown): Promise<void>;
}

/** A body that is there at once is read whole up to this size. */
const WHOLE_MAX_BYTES = 256 << 10;

/** Takes the response of a function apart. Waits for its body no longer than one turn of the event loop. */
export async function answerOf(response: Response): Promise<Answer> {
  const headers: [string, string][] = [];
  for (const [name, value] of response.headers)
    if (name !== "set-cookie") headers.push([name, value]);
  for (const cookie of response.headers.getSetCookie()) headers.push(["set-cookie", cookie]);
  const reader = response.body?.getReader() ?? null;
  const body = reader === null ? null : await wholeOrRest(reader);
  return { status: response.status, headers, body };
}

/** Returns the bytes of a short body that is there at once, otherwise a reader of the same body. */
async function wholeOrRest(reader: BodyReader): Promise<Bytes | BodyReader> {
  const chunks: Bytes[] = [];
  let bytes = 0;
  const soon = new Promise<"later">((resolve) => setImmediate(resolve, "later"));
  while (bytes <= WHOLE_MAX_BYTES) {
    const reading = reader.read();
    // Whoever reads on learns of an error.
    const next = await Promise.race([reading.catch(() => "later" as const), soon]);
    if (next === "later") return resumed(chunks, reading, reader);
    if (next.done) return joined(chunks);
    chunks.push(next.value);
    bytes += next.value.length;
  }
  return resumed(chunks, null, reader);
}

function joined(chunks: readonly Bytes[]): Bytes {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}

/** A reader of what has been read already, then of what is being read, then of the rest. */
function resumed(
  chunks: Bytes[],
  reading: ReturnType<BodyReader["read"]> | null,
  rest: BodyReader,
): BodyReader {
  let pending = reading;
  return {
    read: async () => {
      const value = chunks.shift();
      if (value !== undefined) return { done: false, value };
      const next = pending ?? rest.read();
      pending = null;
      return await next;
    },
    cancel: (reason) => rest.cancel(reason),
  };
}

/** The value of a header, whose name is in lower case. */
export function header({ headers }: Answer, name: string): string | undefined {
  return headers.find(([one]) => one === name)?.[1];
}
