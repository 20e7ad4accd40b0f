import { expect, test } from "vitest";
import { maskText } from "./scan";

const PASSWORD = "Tr4il-m1x.9q";

/** One for each command and call, because each is looked for only in texts that seem to hold it. */
const ATTACHED = ["mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump"];
const AFTER_P = [
  ...["mongosh", "mongo", "mongodump", "mongorestore", "mongoimport", "mongoexport", "rdesktop"],
  ...["twine", "cypher-shell", "docker login", "az login", "helm registry login"],
];
const AFTER_CAPITAL_P = ["sqlcmd", "bcp", "zip", "unzip", "isql", "osql"];
const CALLS = [
  ...["NetworkCredential", "PSCredential", "HTTPBasicAuth", "HTTPDigestAuth", "BasicAuth"],
  ...["UsernamePasswordCredentials", "PasswordAuthentication", "setBasicAuth", "SetBasicAuth"],
  ...["basic_auth", "httpBasic"],
];

test.each([
  ...[...ATTACHED, "7z", "7za"].map((name) => `${name} -u ada -p${PASSWORD} shop`),
  ...AFTER_P.map((name) => `${name} -u ada -p ${PASSWORD}`),
  ...AFTER_CAPITAL_P.map((name) => `${name} -U ada -P ${PASSWORD} x`),
  ...CALLS.map((name) => `new ${name}("ada", "${PASSWORD}")`),
  ...["search", "modify", "add", "delete", "whoami", "passwd"].map(
    (name) => `ldap${name} -x -w ${PASSWORD}`,
  ),
  ...[5432, 5433, 6432, "*"].map((port) => `db.example.com:${port}:shop:ada:${PASSWORD}`),
  ...["creds:", "credentials:", "login:", "logins:", "user/pass =", "username & password:"].map(
    (name) => `${name} ada / ${PASSWORD}`,
  ),
  `sshpass -p ${PASSWORD} ssh ada@host`,
  `redis-cli -h db -a ${PASSWORD} ping`,
  `htpasswd -cb users ada ${PASSWORD}`,
  `nmcli device wifi connect home password ${PASSWORD}`,
  `smbclient //host/share -U ada%${PASSWORD}`,
  `net use z: //host/share /user:ada ${PASSWORD}`,
  `AUTH ada ${PASSWORD}`,
  `lftp -u ada,${PASSWORD} host`,
  `openssl rsa -passin pass:${PASSWORD} -in key.pem`,
  `xfreerdp /v:host /u:ada /p:${PASSWORD}`,
  `ConvertTo-SecureString ${PASSWORD} -AsPlainText`,
  `sqlplus ada/${PASSWORD}@shop`,
  `jdbc:oracle:thin:ada/${PASSWORD}@host`,
  `echo ${PASSWORD} | sudo -S true`,
  `printf ${PASSWORD} | docker login --password-stdin`,
  `auth = ("ada", "${PASSWORD}")`,
])("the password in %j is masked, also behind other text", (text) => {
  const before = "see the net, a login and a zip file,\n";
  expect(maskText(text)).not.toContain(PASSWORD);
  expect(maskText(`${before}${text}\n`)).not.toContain(PASSWORD);
});
