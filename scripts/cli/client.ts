import { isJsonObject, parseJson } from "../../convex/lib/json.ts";
import { CliError, EXIT, noAddress } from "./failure.ts";
import { send, type Answer } from "./request.ts";

/** Requests to a deployment. Failures become one sentence that says what to do next. */

const TIMEOUT_MS = 60_000;

export type Query = { readonly [name: string]: string | number | boolean | undefined };

export class Client {
  constructor(
    readonly url: string,
    readonly key: string | undefined,
  ) {}

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json(await this.request("GET", path, { query })) as T;
  }

  async send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<T> {
    return this.#json(await this.request(method, path, { body })) as T;
  }

  /** An answer of any type; throws for every status but 2xx. */
  async request(
    method: string,
    path: string,
    { query = {}, body, isOpen = false }: { query?: Query; body?: object; isOpen?: boolean } = {},
  ): Promise<Answer> {
    if (!URL.canParse(this.url) || !/^https?:\/\//.test(this.url)) throw noAddress(this.url);
    if (this.key === undefined && !isOpen) throw noKey(this.url);
    if (/[^!-~]/.test(this.key ?? "")) throw brokenKey();
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    let answer: Answer;
    try {
      answer = await send(this.url + path + search(query), {
        method,
        headers: {
          ...(this.key === undefined ? {} : { Authorization: `Bearer ${this.key}` }),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      });
    } catch (error) {
      const reason = signal.aborted
        ? `did not answer within ${TIMEOUT_MS / 1_000} s.`
        : cannotReach(error);
      throw new CliError(`${this.url} ${reason}`, EXIT.server);
    }
    if (answer.status < 200 || answer.status > 299) throw refusal(answer);
    return answer;
  }

  #json({ text }: Answer): unknown {
    const json = parseJson(text);
    if (json.ok) return json.value;
    throw new CliError(`${this.url} does not answer as an OpenSync server.`, EXIT.server);
  }
}

function search(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}

export const noKey = (url: string) =>
  new CliError(
    `There is no key for ${url}. Run opensync login ${url}, or set OPENSYNC_API_KEY.`,
    EXIT.authentication,
  );

/** Such a key cannot be sent in a header. */
const brokenKey = () =>
  new CliError(
    "The key has characters that no key has. Check that it is copied without spaces and line breaks.",
    EXIT.authentication,
  );

function refusal({ status, text, header }: Answer): CliError {
  const json = parseJson(text);
  const body = json.ok && isJsonObject(json.value) ? json.value : {};
  const message = typeof body.message === "string" ? body.message : "";
  const said = message === "" ? `The server answered ${status}.` : sentence(message);
  if (status === 401 || status === 403) return new CliError(said, EXIT.authentication);
  if (status === 404) return new CliError(said, EXIT.nothingFound);
  if (status === 400) return new CliError(said, EXIT.usage);
  const wait = header("Retry-After");
  const later = wait === null ? "" : ` Try again in ${wait} s.`;
  return new CliError(said.includes("try again") ? said : said + later, EXIT.server);
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

function cannotReach(error: unknown): string {
  // Where a name has several addresses, Node's error has a code and no message.
  const { message, code } = error as NodeJS.ErrnoException;
  return `cannot be reached (${message || code}). Is the server running? OPENSYNC_URL or opensync login sets the address.`;
}
