/** Replaces e-mail addresses, including percent-encoded and non-ASCII ones. Linear, pure. */

const AT = /@|%40|&#64;|\\u0040/g;
const LOCAL_MAX = 64;
const LOCAL = /[\p{L}\p{N}\p{M}._+'~-]/u;
const DOMAIN =
  /(?:[\p{L}\p{N}][\p{L}\p{N}\p{M}-]{0,62}\.){1,8}(?:xn--[a-z0-9-]{2,59}|[\p{L}\p{M}]{2,24})(?![\p{L}\p{N}-])/uy;
/** File names that look like a domain: `logo@2x.png`. */
const FILE =
  /\.(?:png|jpe?g|gif|svg|webp|ico|js|jsx|ts|tsx|mjs|cjs|css|json|html?|md|lock|tgz|zip|map|vue|rb|java|kt|swift|exe|dll|yml|yaml|toml|txt|log)$/i;

/** Replaces every address by its label. */
export function replaceAddresses(text: string, label: (address: string) => string): string {
  const slices: string[] = [];
  let done = 0;
  AT.lastIndex = 0;
  for (let at = AT.exec(text); at !== null; at = AT.exec(text)) {
    const domainStart = at.index + at[0].length;
    const localStart = startOfLocal(text, at.index, done);
    DOMAIN.lastIndex = domainStart;
    if (localStart === at.index || !DOMAIN.test(text)) continue;
    const end = DOMAIN.lastIndex;
    const local = text.slice(localStart, at.index);
    const domain = text.slice(domainStart, end);
    // "git" is the user of every clone over SSH and identifies nobody.
    if (local === "git" || FILE.test(domain)) continue;
    slices.push(text.slice(done, localStart), label(`${decoded(local)}@${domain}`));
    done = end;
    AT.lastIndex = end;
  }
  return slices.length === 0 ? text : slices.join("") + text.slice(done);
}

function startOfLocal(text: string, end: number, least: number): number {
  let start = end;
  while (start > least && end - start < LOCAL_MAX && isLocal(text, start - 1)) start--;
  // Excludes the letter of a JSON escape and the slash of a path.
  if (text.charAt(start - 1) === "\\" && /[nrt]/.test(text.charAt(start)) && start < end) start++;
  while (start < end && /[.'~-]/.test(text.charAt(start))) start++;
  return start;
}

function isLocal(text: string, at: number): boolean {
  if (LOCAL.test(text.charAt(at))) return true;
  return text.charAt(at) === "%" && /^%2[BbEe]/.test(text.slice(at, at + 3));
}

function decoded(local: string): string {
  try {
    return decodeURIComponent(local);
  } catch {
    return local;
  }
}
