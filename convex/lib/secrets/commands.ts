import type { Finding } from "./finding";
import { isOpenLogin } from "./values";

/** Finds passwords that commands and calls take without naming them. Linear, pure. */

/** The text allowed between a command and its option: the rest of the line, up to a pipe. */
const ARGUMENTS = String.raw`\b[^\n|;]{0,120}?\s`;
const VALUE = String.raw`["']?([^\s"'\\$|;-][^\s"'\\|;]{2,100})`;
const STRING = String.raw`\s{0,8}["']([^"'\n]{0,64})["']\s{0,4},\s{0,8}["']([^"'\n]{3,100})(?=["'])`;

/** Each pattern ends with its last group, which is the password. */
const COMMANDS: readonly RegExp[] = [
  // The password is attached to the option, or follows it.
  String.raw`\b(?:mysql|mysqldump|mysqladmin|mysqlimport|mariadb|mariadb-dump)${ARGUMENTS}-p${VALUE}`,
  String.raw`\b7za?${ARGUMENTS}-p${VALUE}`,
  String.raw`\bsshpass\s{1,4}-p\s?${VALUE}`,
  String.raw`\b(?:docker|podman|buildah|nerdctl|skopeo|helm|oras|crane|az|oc|cf)\b[^\n|;]{0,80}?\slogin${ARGUMENTS}-p[ =]${VALUE}`,
  String.raw`\b(?:mongosh|mongo|mongodump|mongorestore|mongoimport|mongoexport|rdesktop|twine|cypher-shell)${ARGUMENTS}-p[ =]${VALUE}`,
  String.raw`\bredis-cli${ARGUMENTS}-a\s{1,4}${VALUE}`,
  String.raw`\b(?:sqlcmd|bcp|zip|unzip|isql|osql)${ARGUMENTS}-P\s{0,4}${VALUE}`,
  String.raw`\bldap(?:search|modify|add|delete|whoami|passwd)${ARGUMENTS}-w\s{1,4}${VALUE}`,
  String.raw`\bhtpasswd\s{1,4}-[A-Za-z]{0,6}b[A-Za-z]{0,6}\s{1,4}\S{1,200}\s{1,4}\S{1,64}\s{1,4}${VALUE}`,
  String.raw`\bnmcli${ARGUMENTS}password\s{1,4}${VALUE}`,
  String.raw`\bsmbclient${ARGUMENTS}-U\s{0,4}["']?[^\s%"']{1,64}%${VALUE}`,
  String.raw`\bnet\s{1,4}use${ARGUMENTS}/user:\S{1,100}\s{1,4}${VALUE}`,
  // At a prompt of Redis: AUTH password, AUTH user password
  String.raw`(?:^|[>\n]\s{0,4})AUTH\s{1,4}(?:[\w.-]{1,64}\s{1,4})?${VALUE}(?=\s{0,4}(?:$|\n))`,
  // creds: user / password, user/pass = ada/…
  String.raw`\b(?:creds?|credentials|logins?|(?:user(?:name)?|login)\s?(?:/|and|&)\s?pass(?:word)?)["'*]{0,3}\s?[:=]\s{1,4}["']?[\w.@-]{1,64}\s{0,2}[/|:]\s{0,2}(?=\S{0,99}[\d!$%*+?~])${VALUE}`,
  // The account id and the token of Twilio
  String.raw`\bAC[0-9a-f]{32}\b\W{1,12}([0-9a-f]{32})\b`,
  // The result of a password that Terraform generated
  String.raw`"random_password"[^\n]{0,400}"result"\s?:\s?"([^"\n]{4,100})(?=")`,
  String.raw`\blftp${ARGUMENTS}-u\s{0,4}["']?[^\s,"']{1,64},${VALUE}`,
  String.raw`\s-pass(?:in|out)?\s{1,4}["']?pass:${VALUE}`,
  String.raw`\bxfreerdp${ARGUMENTS}/p:${VALUE}`,
  String.raw`\bConvertTo-SecureString\s{1,4}(?:-String\s{1,4})?${VALUE}`,
  // user/password@database of Oracle
  String.raw`(?:jdbc:oracle:[a-z0-9]{1,10}:|\bsqlplus\s{1,4}(?:-[A-Za-z]{1,4}\s{1,4}){0,2})[\w.$#-]{1,64}/${VALUE.replace("\\\\|;]{2", "\\\\|;@]{2")}(?=@)`,
  // host:port:database:user:password of PostgreSQL's password file
  String.raw`(?:^|[\s"'])[\w.*-]{1,100}:(?:5432|5433|6432|\*):[\w.*-]{1,64}:[\w.@*-]{1,64}:${VALUE}`,
  // A password given to a command that reads it.
  String.raw`\b(?:echo|printf)\s{1,4}(?:-[neE]{1,3}\s{1,4})?["']?(?:[\w.-]{1,64}:)?([^\s"'\\$|:]{3,100})(?=["']?\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?(?:chpasswd|passwd\s|sudo\s{1,4}-S|-S\b|[^\n|;]{0,120}--password-stdin))`,
  // new NetworkCredential("ada", "…"), auth=("ada", "…")
  String.raw`(?:\b(?:NetworkCredential|PSCredential|HTTPBasicAuth|HTTPDigestAuth|BasicAuth|UsernamePasswordCredentials|PasswordAuthentication|[sS]etBasicAuth|basic_auth|httpBasic)\(|\bauth\s{0,2}[=:]\s{0,2}[([])${STRING}`,
].map((pattern) => new RegExp(pattern, "g"));

/**
 * Every hit of a pattern holds one of these. Most texts hold none, and looking for all of them at once costs a
 * fraction of looking for each pattern.
 */
const HINT =
  /mysql|mariadb|\bnet\s|AUTH\s|\bcred|\blogins?\b|\b(?:username|user|login)\s?(?:\/|and|&)\s?pass|\bAC[0-9a-f]{32}|random_password|\b7za?\b|sshpass|\slogin|mongo|rdesktop|twine|cypher-shell|redis-cli|sqlcmd|bcp|zip|[io]sql|ldap|htpasswd|nmcli|smbclient|lftp|\s-pass|xfreerdp|ConvertTo-SecureString|jdbc:oracle|sqlplus|:(?:5432|5433|6432|\*):|\b(?:echo|printf)\s|Credential|Authentication|BasicAuth|DigestAuth|basic_auth|httpBasic|\bauth\s{0,2}[=:]/;

/** Adds every password given to a command. */
export function findInCommands(text: string, found: Finding[]): void {
  if (!HINT.test(text)) return;
  for (const command of COMMANDS) {
    for (const hit of text.matchAll(command)) {
      const password = hit.at(-1) ?? "";
      const end = hit.index + hit[0].length;
      if (!isOpenLogin(password)) {
        found.push({ kind: "password", start: end - password.length, end });
      }
    }
  }
}
