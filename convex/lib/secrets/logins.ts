import type { Finding } from "./finding";
import { isOpenLogin } from "./values";

/** Finds passwords in URLs and in command options. Linear, pure. */

/** `scheme://user:password@` and `scheme://token@`. The password may contain an unencoded `@`. */
const ADDRESS = /:(?:\/|\\\/|%2[Ff]){2}([^\s/:@"'<>`?#]{0,100})(?::([^\s/"'<>\\`]{1,300}))?@/g;
/** The same for databases, whose password may also contain spaces and URL characters. */
const DATABASE_LOGIN = String.raw`:\/\/[^\s/:@"'<>\x60?#]{0,100}:(?!\d{1,5}(?:[/\s?#]|$))([^\n\r"'<>\\\x60@]{1,100}(?:@[^\n\r"'<>\\\x60@\s]{1,100})?)@(?=[\w.[-]{1,253}(?:[:/?\s,"'\x60]|$))`;
/** Few texts have such a login, and looking for it alone costs a fraction of looking for the names of databases. */
const ANY_LOGIN = new RegExp(DATABASE_LOGIN);
const DATABASE = new RegExp(
  String.raw`\b(?:postgres(?:ql)?|mysql|mariadb|mongodb|redis|rediss|amqps?|mssql|sqlserver|oracle|clickhouse|cockroachdb|ldaps?|smtps?|imaps?|ftps?|sftp|nats|kafka|mqtts?|neo4j|bolt|couchbase|cassandra|snowflake|redshift)(?:\+[a-z0-9_]{1,16})?${DATABASE_LOGIN}`,
  "gi",
);
/** `user:password@tcp(host)` of MySQL drivers. */
const DRIVER = /["'=\s][\w.-]{1,64}:([^\s"'@/:]{3,100})(?=@(?:tcp|unix|cloudsql)\()/g;
/** `-u user:password` and `--user user:password` of curl and similar commands, `-a` of HTTPie. */
const USER_OPTION =
  /-(?<=(?:^|[\s"'])-)(?:u|-user|-proxy-user|U|(?<=\bhttps?\s-)a|-auth)[ =]{1,2}["']?([^\s:"'/\\$<]{0,100})["']?:["']?([^\s"'\\]{1,200})/g;
/** `"auth": "<base64 of user:password>"` of Docker and npm. */
const AUTH = /(?:"auth"\s{0,4}:\s{0,4}"|_auth\s{0,4}=\s{0,4}"?)([A-Za-z0-9+/]{8,1000}={0,2})/g;

/** Adds every login found. */
export function findLogins(text: string, found: Finding[]): void {
  if (text.includes("@")) findBeforeHosts(text, found);
  findInOptions(text, found);
  if (text.includes("auth")) findAuth(text, found);
}

/** Adds the logins that an `@` separates from a host. */
function findBeforeHosts(text: string, found: Finding[]): void {
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
  for (const hit of ANY_LOGIN.test(text) ? text.matchAll(DATABASE) : []) {
    const [whole, password = ""] = hit;
    const end = hit.index + whole.length - 1;
    if (!isOpenLogin(password)) {
      found.push({ kind: "url-password", start: end - password.length, end });
    }
  }
  if (/@(?:tcp|unix|cloudsql)\(/.test(text)) findInDrivers(text, found);
}

/** Adds the passwords of options. Makes no copy of the pattern for each text, as `matchAll` does. */
function findInOptions(text: string, found: Finding[]): void {
  USER_OPTION.lastIndex = 0;
  for (let hit = USER_OPTION.exec(text); hit !== null; hit = USER_OPTION.exec(text)) {
    const [whole, user = "", password = ""] = hit;
    const isNumeric = /^\d+$/.test(user) && /^\d+$/.test(password);
    if (isNumeric || password === user || isOpenLogin(password) || password.startsWith("/"))
      continue;
    const end = hit.index + whole.length;
    found.push({ kind: "password", start: end - password.length, end });
  }
}

function findInDrivers(text: string, found: Finding[]): void {
  for (const hit of text.matchAll(DRIVER)) {
    const [whole, password = ""] = hit;
    const end = hit.index + whole.length;
    if (!isOpenLogin(password)) found.push({ kind: "password", start: end - password.length, end });
  }
}

function findAuth(text: string, found: Finding[]): void {
  for (const hit of text.matchAll(AUTH)) {
    const [whole, auth = ""] = hit;
    const isDockers = /"auths"/.test(text.slice(Math.max(0, hit.index - 300), hit.index));
    if (!isDockers && !isLogin(auth)) continue;
    const end = hit.index + whole.length;
    found.push({ kind: "login", start: end - auth.length, end });
  }
}

/** Whether base64 decodes to `user:password`. */
function isLogin(base64: string): boolean {
  try {
    const login = atob(base64);
    const colon = login.indexOf(":");
    return colon > 0 && colon < login.length - 1 && /^[\x20-\x7e]+$/.test(login);
  } catch {
    return false;
  }
}
