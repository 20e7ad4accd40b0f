import { trimEndWhere } from "../text";

/** The base URL of WorkOS, which is its API and the issuer of its tokens, without a trailing slash. */
export function workosBase(configured: string | undefined): string {
  return trimEndWhere(configured ?? "https://api.workos.com", (character) => character === "/");
}
