import type { Finding } from "./finding";
import { isPlaceholder } from "./values";

/** Finds passwords in addresses and in the options of commands. Linear, pure. */

/** `scheme://user:password@`, `scheme://token@`. */
const ADDRESS = /:(?:\/|\\\/|%2[Ff]){2}([^\s/:@"'<>\\`?#]{0,100})(?::([^\s/@"'<>\\`]{1,300}))?@/g;
/** `-u user:password`, `--user user:password` of curl and its like. */
const USER_OPTION =
  /(?:^|[\s"'])(?:-u|--user|--proxy-user|-U)[ =]{1,2}["']?([^\s:"'/\\$<]{0,100})["']?:["']?([^\s"'\\]{1,200})/g;
/** `mysql -psecret`, `sshpass -p secret`. */
const GLUED =
  /\b(?:(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;]{0,120}?\s-p|sshpass\s+-p\s?)["']?([^\s"'\\$-][^\s"'\\]{2,100})/g;
/** `"auth": "<base64 of user:password>"` of Docker and npm. */
const AUTH = /(?:"auth"\s{0,4}:\s{0,4}"|_auth\s{0,4}=\s{0,4}"?)([A-Za-z0-9+/]{8,1000}={0,2})/g;

const DOCUMENTED = new Set(
  "password pass passwd pwd pw secret token key apikey api_key user".split(" "),
);

/** Adds every login found. */
export function findLogins(text: string, found: Finding[]): void {
  for (const hit of text.matchAll(ADDRESS)) {
    const [whole, user = "", password] = hit;
    const end = hit.index + whole.length - 1;
    if (password === undefined) {
      const isToken = user.length >= 20 && /^[A-Za-z0-9_.-]+$/.test(user) && /\d/.test(user);
      if (isToken) found.push({ kind: "url-token", start: end - user.length, end });
    } else if (!isOpenLogin(password)) {
      found.push({ kind: "url-password", start: end - password.length, end });
    }
  }
  for (const hit of text.matchAll(USER_OPTION)) {
    const [whole, user = "", password = ""] = hit;
    const isNumeric = /^\d+$/.test(user) && /^\d+$/.test(password);
    if (isNumeric || password === user || isOpenLogin(password) || password.startsWith("/"))
      continue;
    const end = hit.index + whole.length;
    found.push({ kind: "password", start: end - password.length, end });
  }
  if (text.includes("-p")) findGlued(text, found);
  if (text.includes("auth")) findAuth(text, found);
}

/** What stands in documentation instead of a password. */
const isOpenLogin = (password: string) =>
  isPlaceholder(password) ||
  DOCUMENTED.has(password.toLowerCase()) ||
  /^\$|^%[A-Z_]+%$/.test(password);

function findGlued(text: string, found: Finding[]): void {
  for (const hit of text.matchAll(GLUED)) {
    const [whole, password = ""] = hit;
    if (isPlaceholder(password) || DOCUMENTED.has(password.toLowerCase())) continue;
    const end = hit.index + whole.length;
    found.push({ kind: "password", start: end - password.length, end });
  }
}

function findAuth(text: string, found: Finding[]): void {
  for (const hit of text.matchAll(AUTH)) {
    const [whole, auth = ""] = hit;
    if (!isLogin(auth)) continue;
    const end = hit.index + whole.length;
    found.push({ kind: "login", start: end - auth.length, end });
  }
}

/** Whether base64 holds `user:password`. */
function isLogin(base64: string): boolean {
  try {
    return /^[\x20-\x7e]{1,200}:[\x20-\x7e]{1,}$/.test(atob(base64));
  } catch {
    return false;
  }
}
