import { trimEndWhere } from "../text";

/** Where WorkOS is: its API and the issuer of its tokens, without a slash at the end. */
export function workosBase(configured: string | undefined): string {
  return trimEndWhere(configured ?? "https://api.workos.com", (character) => character === "/");
}
