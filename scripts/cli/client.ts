import { isJsonObject, parseJson } from "../../convex/lib/json.ts";
import { CliError, EXIT } from "./failure.ts";

/** Requests to a deployment. Failures become one sentence that says what to do next. */

const TIMEOUT_MS = 60_000;

export type Query = { readonly [name: string]: string | number | boolean | undefined };

export class Client {
  constructor(
    readonly url: string,
    readonly key: string | undefined,
  ) {}

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return (await this.#json(await this.request("GET", path, { query }))) as T;
  }

  async send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<T> {
    return (await this.#json(await this.request(method, path, { body }))) as T;
  }

  /** An answer of any type; throws for every status but 2xx. */
  async request(
    method: string,
    path: string,
    { query = {}, body, isOpen = false }: { query?: Query; body?: object; isOpen?: boolean } = {},
  ): Promise<Response> {
    if (this.key === undefined && !isOpen) throw noKey(this.url);
    const target = this.url + path + search(query);
    let response: Response;
    try {
      response = await fetch(target, {
        method,
        headers: {
          ...(this.key === undefined ? {} : { Authorization: `Bearer ${this.key}` }),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw new CliError(unreachable(this.url, error), EXIT.server);
    }
    if (!response.ok) throw refusal(response, await response.text());
    return response;
  }

  async #json(response: Response): Promise<unknown> {
    const json = parseJson(await response.text());
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

function refusal({ status, headers }: Response, text: string): CliError {
  const json = parseJson(text);
  const body = json.ok && isJsonObject(json.value) ? json.value : {};
  const message = typeof body.message === "string" ? body.message : "";
  const said = message === "" ? `The server answered ${status}.` : sentence(message);
  if (status === 401 || status === 403) return new CliError(said, EXIT.authentication);
  if (status === 404) return new CliError(said, EXIT.nothingFound);
  if (status === 400) return new CliError(said, EXIT.usage);
  const wait = headers.get("Retry-After");
  const later = wait === null ? "" : ` Try again in ${wait} s.`;
  return new CliError(said.includes("try again") ? said : said + later, EXIT.server);
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

function unreachable(url: string, error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError")
    return `${url} did not answer within ${TIMEOUT_MS / 1_000} s.`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return `${url} cannot be reached (${reason}). Is the server running? OPENSYNC_URL or opensync login sets the address.`;
}
