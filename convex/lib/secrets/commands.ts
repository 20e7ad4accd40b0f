import type { Finding } from "./finding";
import { isOpenLogin } from "./values";

/** Finds passwords that commands and calls take without naming them. Linear, pure. */

/** The text allowed between a command and its option: the rest of the line, up to a pipe. */
const ARGUMENTS = String.raw`\b[^\n|;]{0,120}?\s`;
const VALUE = String.raw`["']?([^\s"'\\$|;-][^\s"'\\|;]{2,100})`;
const STRING = String.raw`\s{0,8}["']([^"'\n]{0,64})["']\s{0,4},\s{0,8}["']([^"'\n]{3,100})(?=["'])`;

/** A pattern, and what each of its hits holds: the beginning of a word, or one of `others` wherever it is. */
type Command = { pattern: RegExp; word: string; others: readonly string[] };
const command = (word: string, pattern: string, others: readonly string[] = []): Command => ({
  ...{ word, others, pattern: new RegExp(pattern, "g") },
});

/** Each pattern ends with its last group, which is the password. */
const COMMANDS: readonly Command[] = [
  // The password is attached to the option, or follows it.
  command(
    "mysql|mariadb",
    String.raw`\b(?:mysql|mysqldump|mysqladmin|mysqlimport|mariadb|mariadb-dump)${ARGUMENTS}-p${VALUE}`,
  ),
  command(String.raw`7za?\b`, String.raw`\b7za?${ARGUMENTS}-p${VALUE}`),
  command("sshpass", String.raw`\bsshpass\s{1,4}-p\s?${VALUE}`),
  command(
    "login",
    String.raw`\b(?:docker|podman|buildah|nerdctl|skopeo|helm|oras|crane|az|oc|cf)\b[^\n|;]{0,80}?\slogin${ARGUMENTS}-p[ =]${VALUE}`,
  ),
  command(
    "mongo|rdesktop|twine|cypher-shell",
    String.raw`\b(?:mongosh|mongo|mongodump|mongorestore|mongoimport|mongoexport|rdesktop|twine|cypher-shell)${ARGUMENTS}-p[ =]${VALUE}`,
  ),
  command("redis-cli", String.raw`\bredis-cli${ARGUMENTS}-a\s{1,4}${VALUE}`),
  command(
    "sqlcmd|bcp|zip|unzip|[io]sql",
    String.raw`\b(?:sqlcmd|bcp|zip|unzip|isql|osql)${ARGUMENTS}-P\s{0,4}${VALUE}`,
  ),
  command(
    "ldap",
    String.raw`\bldap(?:search|modify|add|delete|whoami|passwd)${ARGUMENTS}-w\s{1,4}${VALUE}`,
  ),
  command(
    "htpasswd",
    String.raw`\bhtpasswd\s{1,4}-[A-Za-z]{0,6}b[A-Za-z]{0,6}\s{1,4}\S{1,200}\s{1,4}\S{1,64}\s{1,4}${VALUE}`,
  ),
  command("nmcli", String.raw`\bnmcli${ARGUMENTS}password\s{1,4}${VALUE}`),
  command("smbclient", String.raw`\bsmbclient${ARGUMENTS}-U\s{0,4}["']?[^\s%"']{1,64}%${VALUE}`),
  command(String.raw`net\s`, String.raw`\bnet\s{1,4}use${ARGUMENTS}/user:\S{1,100}\s{1,4}${VALUE}`),
  // At a prompt of Redis: AUTH password, AUTH user password
  command(
    String.raw`AUTH\s`,
    String.raw`(?:^|[>\n]\s{0,4})AUTH\s{1,4}(?:[\w.-]{1,64}\s{1,4})?${VALUE}(?=\s{0,4}(?:$|\n))`,
  ),
  // creds: user / password, user/pass = ada/…
  command(
    String.raw`cred|logins?\b|(?:username|user|login)\s?(?:\/|and|&)\s?pass`,
    String.raw`\b(?:creds?|credentials|logins?|(?:user(?:name)?|login)\s?(?:/|and|&)\s?pass(?:word)?)["'*]{0,3}\s?[:=]\s{1,4}["']?[\w.@-]{1,64}\s{0,2}[/|:]\s{0,2}(?=\S{0,99}[\d!$%*+?~])${VALUE}`,
  ),
  // The account id and the token of Twilio
  command("AC[0-9a-f]{32}", String.raw`\bAC[0-9a-f]{32}\b\W{1,12}([0-9a-f]{32})\b`),
  // The result of a password that Terraform generated
  command(
    "random_password",
    String.raw`"random_password"[^\n]{0,400}"result"\s?:\s?"([^"\n]{4,100})(?=")`,
  ),
  command("lftp", String.raw`\blftp${ARGUMENTS}-u\s{0,4}["']?[^\s,"']{1,64},${VALUE}`),
  command("", String.raw`\s-pass(?:in|out)?\s{1,4}["']?pass:${VALUE}`, ["-pass"]),
  command("xfreerdp", String.raw`\bxfreerdp${ARGUMENTS}/p:${VALUE}`),
  command(
    "ConvertTo-SecureString",
    String.raw`\bConvertTo-SecureString\s{1,4}(?:-String\s{1,4})?${VALUE}`,
  ),
  // user/password@database of Oracle
  command(
    "sqlplus",
    String.raw`(?:jdbc:oracle:[a-z0-9]{1,10}:|\bsqlplus\s{1,4}(?:-[A-Za-z]{1,4}\s{1,4}){0,2})[\w.$#-]{1,64}/${VALUE.replace("\\\\|;]{2", "\\\\|;@]{2")}(?=@)`,
    ["jdbc:oracle"],
  ),
  // host:port:database:user:password of PostgreSQL's password file
  command(
    "",
    String.raw`(?:^|[\s"'])[\w.*-]{1,100}:(?:5432|5433|6432|\*):[\w.*-]{1,64}:[\w.@*-]{1,64}:${VALUE}`,
    [":5432:", ":5433:", ":6432:", ":*:"],
  ),
  // A password given to a command that reads it.
  command(
    String.raw`(?:echo|printf)\s`,
    String.raw`\b(?:echo|printf)\s{1,4}(?:-[neE]{1,3}\s{1,4})?["']?(?:[\w.-]{1,64}:)?([^\s"'\\$|:]{3,100})(?=["']?\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?(?:chpasswd|passwd\s|sudo\s{1,4}-S|-S\b|[^\n|;]{0,120}--password-stdin))`,
  ),
  // new NetworkCredential("ada", "…"), auth=("ada", "…")
  command(
    String.raw`(?:Network|PS|UsernamePassword)Credential|PasswordAuthentication|HTTP(?:Basic|Digest)Auth|BasicAuth|[sS]etBasicAuth|basic_auth|httpBasic|auth\s{0,2}[=:]`,
    String.raw`(?:\b(?:NetworkCredential|PSCredential|HTTPBasicAuth|HTTPDigestAuth|BasicAuth|UsernamePasswordCredentials|PasswordAuthentication|[sS]etBasicAuth|basic_auth|httpBasic)\(|\bauth\s{0,2}[=:]\s{0,2}[([])${STRING}`,
  ),
];

/** Each word begins with a letter or digit, so that `\b` matches before it only where a word begins. */
function hintOf(commands: readonly Command[], flag: "g" | "y"): RegExp {
  const words = commands.map(({ word }) => word).filter((word) => word !== "");
  return new RegExp(`\\b(?:${words.join("|")})`, flag);
}

/** Most texts hold none of these. Looking for all of them at once costs a fraction of looking for each pattern. */
const ANY_HINT = hintOf(COMMANDS, "g");
const HINTS = COMMANDS.filter(({ word }) => word !== "").map((one) => ({
  ...{ pattern: one.pattern, hint: hintOf([one], "y") },
}));

const OTHER_HINTS = COMMANDS.flatMap(({ pattern, others }) =>
  others.map((other) => ({ pattern, other })),
);

/** The patterns that may match in this text, in order. */
function hintedIn(text: string): RegExp[] {
  const hinted = new Set<RegExp>();
  for (const { pattern, other } of OTHER_HINTS) if (text.includes(other)) hinted.add(pattern);
  ANY_HINT.lastIndex = 0;
  for (let any = ANY_HINT.exec(text); any !== null; any = ANY_HINT.exec(text)) {
    for (const { pattern, hint } of HINTS) {
      hint.lastIndex = any.index;
      if (!hinted.has(pattern) && hint.test(text)) hinted.add(pattern);
    }
    // Another hint may begin inside this one.
    ANY_HINT.lastIndex = any.index + 1;
  }
  return hinted.size === 0
    ? []
    : COMMANDS.map(({ pattern }) => pattern).filter((pattern) => hinted.has(pattern));
}

/** Adds every password given to a command. */
export function findInCommands(text: string, found: Finding[]): void {
  for (const pattern of hintedIn(text)) {
    for (const hit of text.matchAll(pattern)) {
      const password = hit.at(-1) ?? "";
      const end = hit.index + hit[0].length;
      if (!isOpenLogin(password)) {
        found.push({ kind: "password", start: end - password.length, end });
      }
    }
  }
}
