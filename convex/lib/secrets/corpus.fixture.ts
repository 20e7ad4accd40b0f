/**
 * Invented secrets of many kinds in realistic surroundings. None is real. Values are assembled at
 * run time, so that code hosts do not report this file as a leak.
 */

/** A text that contains a secret. */
export type SecretCase = { kind: string; text: string; secret: string };

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";
const HEX = `${DIGITS}abcdef`;
const ALNUM = LOWER + UPPER + DIGITS;
const SLUG = `${ALNUM}-_`;
const BASE64 = `${ALNUM}+/`;

/** Deterministic letters from an alphabet; different for each `seed`. */
let seed = 7;
function of(alphabet: string, length: number): string {
  let state = (seed += 7919);
  const chars: string[] = [];
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    chars.push(alphabet.charAt((state >>> 8) % alphabet.length));
  }
  return chars.join("");
}

const uuid = () => [8, 4, 4, 4, 12].map((length) => of(HEX, length)).join("-");
const lines = (count: number) => Array.from({ length: count }, () => of(BASE64, 64)).join("\n");

/** A test case; `around` wraps the secret in its surroundings. */
const secretCase = (
  kind: string,
  secret: string,
  around: (secret: string) => string = (s) => `use ${s} for it`,
): SecretCase => ({ kind, secret, text: around(secret) });

const env = (name: string) => (s: string) => `export ${name}=${s}\n`;
const json = (name: string) => (s: string) => `{"${name}": "${s}", "n": 1}`;
const escaped = (name: string) => (s: string) => JSON.stringify(JSON.stringify({ [name]: s }));
const yaml = (name: string) => (s: string) => `db:\n  ${name}: ${s}\n  port: 5432\n`;
const code = (name: string) => (s: string) => `const ${name} = "${s}";\n`;

/** Keys with a prefix of their issuer. */
const anthropic = `sk-${"ant"}-api03-${of(SLUG, 93)}AA`;
const ISSUED: readonly SecretCase[] = [
  secretCase("anthropic", anthropic),
  secretCase("anthropic", anthropic, (s) => `\\n${s}\\n`),
  secretCase("openai", `sk-${of(ALNUM, 48)}`, env("OPENAI_API_KEY")),
  secretCase("openai-project", `sk-${"proj"}-${of(SLUG, 100)}`, json("key")),
  secretCase("openai-letters", `sk-${of(LOWER + UPPER, 48)}`),
  secretCase("openrouter", `sk-${"or"}-v1-${of(HEX, 64)}`),
  secretCase("groq", `gsk${"_"}${of(ALNUM, 52)}`),
  secretCase("huggingface", `hf${"_"}${of(LOWER + UPPER, 34)}`),
  secretCase("replicate", `r8${"_"}${of(ALNUM, 37)}`),
  secretCase("perplexity", `pplx${"-"}${of(ALNUM, 48)}`),
  secretCase("github", `ghp${"_"}${of(ALNUM, 36)}`),
  secretCase(
    "github",
    `ghs${"_"}${of(ALNUM, 36)}`,
    (s) => `https://x-access-token:${s}@github.com/a/b`,
  ),
  secretCase("github-fine", `github${"_pat_"}${of(ALNUM, 22)}_${of(ALNUM, 59)}`),
  secretCase("gitlab", `glpat${"-"}${of(SLUG, 20)}`),
  secretCase("gitlab-runner", `glrt${"-"}${of(SLUG, 20)}`),
  secretCase("npm", `npm${"_"}${of(ALNUM, 36)}`, (s) => `//registry.npmjs.org/:_authToken=${s}`),
  secretCase("pypi", `pypi${"-"}AgEIcHlwaS5vcmc${of(SLUG, 70)}`),
  secretCase("docker", `dckr${"_pat_"}${of(SLUG, 27)}`),
  secretCase("slack-bot", `xoxb${"-"}${of(DIGITS, 12)}-${of(DIGITS, 12)}-${of(ALNUM, 24)}`),
  secretCase(
    "slack-app",
    `xapp${"-"}1-A${of(UPPER + DIGITS, 10)}-${of(DIGITS, 13)}-${of(HEX, 64)}`,
  ),
  secretCase(
    "slack-webhook",
    `T${of(UPPER + DIGITS, 8)}/B${of(UPPER + DIGITS, 8)}/${of(ALNUM, 24)}`,
    (s) => `curl https://hooks.slack.com/services/${s}`,
  ),
  secretCase(
    "discord-webhook",
    of(SLUG, 68),
    (s) => `https://discord.com/api/webhooks/${of(DIGITS, 18)}/${s}`,
  ),
  secretCase("discord-bot", `M${of(ALNUM, 23)}.${of(SLUG, 6)}.${of(ALNUM, 38)}`),
  secretCase("telegram", `${of("123456789", 9)}:AA${of(SLUG, 33)}`),
  secretCase(
    "telegram-url",
    of(SLUG, 33),
    (s) => `https://api.telegram.org/bot123456789:AA${s}/sendMessage`,
  ),
  secretCase("aws-access", `AKIA${of(UPPER + "234567", 16)}`),
  secretCase("aws-access", `ASIA${of(UPPER + "234567", 16)}`, json("AccessKeyId")),
  secretCase("google-api", `AIza${of(SLUG, 35)}`, (s) => `https://maps.example/api?key=${s}&q=x`),
  secretCase("google-oauth", `ya29${"."}a0${of(SLUG, 60)}`),
  secretCase("google-client", `GOCSPX${"-"}${of(SLUG, 28)}`),
  secretCase("azure-ad", `${of(ALNUM, 3)}8Q~${of(ALNUM + "~.-", 34)}`),
  secretCase(
    "azure-storage",
    `${of(BASE64, 86)}==`,
    (s) => `AccountName=dev;AccountKey=${s};EndpointSuffix=core.windows.net`,
  ),
  secretCase(
    "azure-sas",
    `${of(ALNUM, 40)}%3D`,
    (s) => `https://x.blob.core.windows.net/c?sv=2022-11-02&se=2030-01-01&sig=${s}`,
  ),
  secretCase("stripe", `sk${"_live_"}${of(ALNUM, 24)}`),
  secretCase("stripe-restricted", `rk${"_test_"}${of(ALNUM, 24)}`),
  secretCase("webhook-secret", `whsec${"_"}${of(ALNUM, 32)}`),
  secretCase("shopify", `shpat${"_"}${of(HEX, 32)}`),
  secretCase("databricks", `dapi${of(HEX, 32)}`),
  secretCase("figma", `figd${"_"}${of(SLUG, 40)}`),
  secretCase("supabase", `sbp${"_"}${of(HEX, 40)}`),
  secretCase("hubspot", `pat-${"na1"}-${uuid()}`),
  secretCase("mailgun", `key-${of(HEX, 32)}`),
  secretCase("mailchimp", `${of(HEX, 32)}-us21`),
  secretCase("sendgrid", `SG${"."}${of(SLUG, 22)}.${of(SLUG, 43)}`),
  secretCase("brevo", `xkeysib${"-"}${of(HEX, 64)}-${of(ALNUM, 16)}`),
  secretCase("resend", `re${"_"}${of(ALNUM, 8)}_${of(ALNUM, 24)}`),
  secretCase("age", `AGE-${"SECRET-KEY"}-1${of(UPPER + DIGITS, 58)}`),
  secretCase("digitalocean", `dop${"_v1_"}${of(HEX, 64)}`),
  secretCase("linear", `lin${"_api_"}${of(ALNUM, 40)}`),
  secretCase("notion", `ntn${"_"}${of(ALNUM, 46)}`),
  secretCase("airtable", `pat${of(ALNUM, 14)}.${of(HEX, 64)}`),
  secretCase("atlassian", `ATATT${"3"}xFfGF0${of(SLUG, 170)}`),
  secretCase("postman", `PMAK${"-"}${of(HEX, 24)}-${of(HEX, 34)}`),
  secretCase("newrelic", `NRAK${"-"}${of(UPPER + DIGITS, 27)}`),
  secretCase("grafana", `glsa${"_"}${of(ALNUM, 32)}_${of(HEX, 8)}`),
  secretCase("sentry", `sntryu${"_"}${of(HEX, 64)}`),
  secretCase("doppler", `dp${".pt."}${of(ALNUM, 43)}`),
  secretCase("planetscale", `pscale${"_tkn_"}${of(SLUG, 43)}`),
  secretCase("vault", `hvs${"."}${of(SLUG, 90)}`),
  secretCase("terraform", `${of(ALNUM, 14)}.${"atlasv1"}.${of(SLUG, 67)}`),
  secretCase("fly", `fm2${"_"}lJPE${of(BASE64, 120)}`),
  secretCase("netlify", `nfp${"_"}${of(ALNUM, 36)}`),
  secretCase("tailscale", `tskey${"-auth-"}${of(ALNUM, 12)}-${of(ALNUM, 32)}`),
  secretCase("convex", `${of(ALNUM, 60)}==`, (s) => `CONVEX_DEPLOY_KEY=prod:happy-otter-123|${s}`),
  secretCase("opensync", `osk${"_"}${of(ALNUM, 40)}`),
  secretCase("square", `sq0atp${"-"}${of(SLUG, 22)}`),
  secretCase("twilio", `SK${of(HEX, 32)}`),
  secretCase("jwt", `eyJ${of(ALNUM, 30)}.eyJ${of(SLUG, 90)}.${of(SLUG, 43)}`),
  secretCase("jwt", `eyJ${of(ALNUM, 30)}.eyJ${of(SLUG, 90)}.${of(SLUG, 43)}`, (s) => `%20${s}%20`),
  secretCase("bcrypt", `$2b$12$${of(`${ALNUM}./`, 53)}`, (s) => `INSERT INTO u VALUES ('${s}')`),
  secretCase("crates", `cio${of(ALNUM, 32)}`),
  secretCase("nuget", `oy2${of(LOWER + DIGITS, 43)}`),
  secretCase("rubygems", `rubygems${"_"}${of(HEX, 48)}`),
  secretCase("alibaba", `LTAI5t${of(ALNUM, 18)}`),
  secretCase("easypost", `EZAK${of(ALNUM, 54)}`),
  secretCase("flutterwave", `FLWSECK${"_TEST"}-${of("0123456789abcdefgh", 32)}-X`),
];

/** Keys that span several lines. */
function keyFiles(): SecretCase[] {
  const body = lines(12);
  const begin = (type: string) => `-----BEGIN ${type}-----`;
  const end = (type: string) => `-----END ${type}-----`;
  const rsa = "RSA PRIVATE KEY";
  const pgp = "PGP PRIVATE KEY BLOCK";
  const ssh = "OPENSSH PRIVATE KEY";
  const middle = body.slice(200, 260);
  return [
    { kind: "pem", secret: middle, text: `${begin(rsa)}\n${body}\n${end(rsa)}\nnext` },
    {
      kind: "pem",
      secret: middle,
      text: `${begin(ssh)}\r\n${body.replace(/\n/g, "\r\n")}\r\n${end(ssh)}`,
    },
    {
      kind: "pem-json",
      secret: middle.split("\n")[0] ?? "",
      text: JSON.stringify({
        private_key: `${begin("PRIVATE KEY")}\n${body}\n${end("PRIVATE KEY")}\n`,
      }),
    },
    {
      kind: "pem-encrypted",
      secret: middle,
      text: `${begin(rsa)}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${of(HEX, 32)}\n\n${body}\n${end(rsa)}`,
    },
    { kind: "pem-cut", secret: middle, text: `${begin(rsa)}\n${body}` },
    { kind: "pem-tail", secret: middle, text: `${body}\nAbC1\n${end(rsa)}\n` },
    {
      kind: "pgp",
      secret: middle,
      text: `${begin(pgp)}\nVersion: GnuPG v2\n\n${body}\n=aB3d\n${end(pgp)}`,
    },
    {
      kind: "putty",
      secret: middle,
      text: `PuTTY-User-Key-File-3: ssh-ed25519\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 12\n${body}\nPrivate-MAC: 00`,
    },
  ].map((one) => ({
    ...one,
    secret: one.secret.split("\n").find((line) => line.length > 20) ?? one.secret,
  }));
}

/** Secrets that can only be recognised by the name next to them. */
const short = `s3c${"r3t"}`;
const word = `hun${"ter"}2`;
const letters = of(LOWER + UPPER, 32);
const phrase = ["correct", "horse", "battery", "staple"].join(" ");
const aws = `${of(ALNUM, 13)}/${of(ALNUM, 12)}+${of(ALNUM, 13)}`;
const NAMED: readonly SecretCase[] = [
  secretCase("aws-secret", aws, env("AWS_SECRET_ACCESS_KEY")),
  secretCase("aws-secret", aws, (s) => `aws_secret_access_key = ${s}\n`),
  secretCase("aws-secret", aws, code("secretAccessKey")),
  secretCase("aws-secret-bare", aws, (s) => `the key is ${s}\n`),
  secretCase("aws-secret-bare", of(ALNUM, 40), (s) => `AKIA${of(UPPER, 16)}\n${s}\n`),
  secretCase("password-env", short, env("DB_PASS")),
  secretCase("password-env", "monkey", env("MYSQL_ROOT_PASSWORD")),
  secretCase("password-env", word, env("PGPASSWORD")),
  secretCase("password-json", word, json("password")),
  secretCase("password-json", "abcd", json("password")),
  secretCase("password-json-escaped", word, escaped("password")),
  secretCase("password-yaml", "dragon", yaml("password")),
  secretCase("password-yaml", word, yaml("password")),
  secretCase("password-code", `Tr0ub4${"dor&3"}`, code("dbPassword")),
  secretCase("passphrase", phrase, (s) => `passphrase: "${s}"`),
  secretCase("passphrase", phrase, json("passphrase")),
  secretCase("password-phrase", phrase, code("password")),
  secretCase("password-flag", word, (s) => `deploy --password ${s} --yes`),
  secretCase("password-flag", word, (s) => `deploy --password=${s}`),
  secretCase("password-flag", word, (s) => `deploy --password "${s}"`),
  secretCase("mysql-flag", word, (s) => `mysql -u root -p${s} shop < dump.sql`),
  secretCase("curl-user", word, (s) => `curl -u admin:${s} https://x.example`),
  secretCase("curl-user", word, (s) => `curl --user 'admin:${s}' https://x.example`),
  secretCase("password-xml", word, (s) => `<password>${s}</password>`),
  secretCase("password-xml", "x", (s) => `<password>${s}9${s}</password>`),
  secretCase("password-xml-attribute", word, (s) => `<add key="SmtpPassword" value="${s}"/>`),
  secretCase("netrc", word, (s) => `machine api.example login ada password ${s}\n`),
  secretCase("netrc", word, (s) => `machine api.example\n  login ada\n  password ${s}\n`),
  secretCase("password-query", word, (s) => `https://x.example/login?user=a&password=${s}&go=1`),
  secretCase("password-connection", word, (s) => `Server=db;User Id=sa;Password=${s};Encrypt=true`),
  secretCase("password-sql", word, (s) => `CREATE USER ada IDENTIFIED BY '${s}'`),
  secretCase("password-sql", word, (s) => `ALTER USER ada WITH PASSWORD '${s}';`),
  secretCase("password-prose", word, (s) => `The password is ${s}, do not tell.`),
  secretCase("password-prose", word, (s) => `Password: ${s}`),
  secretCase("password-default", word, (s) => "${DB_PASSWORD:-" + s + "}"),
  secretCase("password-k8s", word, (s) => `- name: DB_PASSWORD\n  value: ${s}\n`),
  secretCase("password-k8s", word, (s) => `[{"name":"DB_PASSWORD","value":"${s}"}]`),
  secretCase("password-python", word, (s) => `os.environ["DB_PASSWORD"] = "${s}"`),
  secretCase("password-call", `P@ss${"w0rd1"}`, (s) => `client.setPassword("${s}")`),
  secretCase("password-kwarg", word, (s) => `connect(user="a", password="${s}")`),
  secretCase("url-login", word, (s) => `postgres://ada:${s}@db.example:5432/shop`),
  secretCase("url-login", word, (s) => `redis://:${s}@cache:6379`),
  secretCase("url-login", of(ALNUM, 20), (s) => `mongodb+srv://ada:${s}@c0.mongodb.net/x`),
  secretCase("url-token", of(HEX, 40), (s) => `git clone https://${s}@git.example/a/b.git`),
  secretCase("auth-key", of(ALNUM, 24), (s) => `  authKey: "${s}",`),
  secretCase("api-key", of(HEX, 32), code("apiKey")),
  secretCase("api-key-letters", letters, code("apiKey")),
  secretCase("api-key-letters", letters, env("SERVICE_API_KEY")),
  secretCase("api-key-header", of(ALNUM, 32), (s) => `curl -H "X-Api-Key: ${s}" https://x.example`),
  secretCase("api-key-query", of(HEX, 32), (s) => `GET /v1/items?api_key=${s}`),
  secretCase("datadog", of(HEX, 32), env("DD_API_KEY")),
  secretCase("client-secret", of(SLUG, 40), json("client_secret")),
  secretCase("jwt-secret", `my${"super"}s3cret`, env("JWT_SECRET")),
  secretCase(
    "session-secret",
    ["keyboard", "cat"].join(" "),
    (s) => `app.use(session({ secret: "${s}" }))`,
  ),
  secretCase("django", `django-${"insecure"}-$x7(${of(ALNUM, 30)}&k`, (s) => `SECRET_KEY = '${s}'`),
  secretCase("access-token", of(ALNUM, 40), json("access_token")),
  secretCase("refresh-token", uuid(), json("refreshToken")),
  secretCase("token-env", of(HEX, 40), env("VAULT_TOKEN")),
  secretCase("token-short", `abc${"123"}`, env("API_TOKEN")),
  secretCase("encryption-key", `${of(BASE64, 43)}=`, env("ENCRYPTION_KEY")),
  secretCase("wallet-key", `0x${of(HEX, 64)}`, env("PRIVATE_KEY")),
  secretCase("wireguard", `${of(BASE64, 43)}=`, (s) => `[Interface]\nPrivateKey = ${s}\n`),
  secretCase("bearer", of(SLUG, 40), (s) => `Authorization: Bearer ${s}`),
  secretCase("bearer", of(SLUG, 24), (s) => `-H 'authorization: bearer ${s}'`),
  secretCase("bearer", of(SLUG, 24), json("Authorization")),
  secretCase("basic", btoa(`ada:${word}`), (s) => `Authorization: Basic ${s}`),
  secretCase("cookie", of(ALNUM, 32), (s) => `Cookie: theme=dark; session=${s}; lang=en`),
  secretCase("cookie", of(ALNUM, 32), (s) => `set-cookie: connect.sid=s%3A${s}; Path=/; HttpOnly`),
  secretCase("cookie", of(ALNUM, 26), (s) => `curl --cookie "PHPSESSID=${s}" https://x.example`),
  secretCase("docker-auth", btoa(`ada:${word}`), (s) => `{"auths":{"ghcr.io":{"auth":"${s}"}}}`),
  secretCase("npm-auth", btoa(`ada:${word}`), (s) => `_auth=${s}`),
  secretCase(
    "aws-signature",
    of(HEX, 64),
    (s) => `https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=${s}`,
  ),
  secretCase(
    "seed-phrase",
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    (s) => `mnemonic: "${s}"`,
  ),
  secretCase("credentials", of(ALNUM, 32), json("credentials")),
  secretCase("properties", word, (s) => `spring.datasource.password=${s}\n`),
  secretCase("properties", word, (s) => `spring.datasource.password: ${s}\n`),
  secretCase("ini-spaces", "swordfish", (s) => `[smtp]\npassword = ${s}\n`),
  secretCase("redis-conf", word, (s) => `requirepass ${s}\n`),
  secretCase("terraform-var", word, (s) => `  db_password = "${s}"\n`),
  secretCase("log-line", word, (s) => `2026-01-02 DEBUG login user=ada password='${s}' ok`),
];

export const SECRETS: readonly SecretCase[] = [...ISSUED, ...keyFiles(), ...NAMED];
