/**
 * Secrets written by someone who had not read the rules, in the surroundings of transcripts:
 * terminals, configuration, code, logs and prose. Values are invented and assembled at run time, so
 * that repository scanners do not report them.
 */

import type { SecretCase } from "./corpus.fixture";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const HEX = `${DIGITS}abcdef`;
const UPPER = LOWER.toUpperCase();
const WORD = LOWER + UPPER + DIGITS;
const BASE64 = `${WORD}+/`;
const URL64 = `${WORD}-_`;

let state = 20261128;
function random(alphabet: string, length: number): string {
  let text = "";
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += alphabet[(state >>> 10) % alphabet.length];
  }
  return text;
}

const uuid = () => [8, 4, 4, 4, 12].map((length) => random(HEX, length)).join("-");

const cases: SecretCase[] = [];
function add(kind: string, secret: string, ...surroundings: ((secret: string) => string)[]) {
  for (const around of surroundings) cases.push({ kind, secret, text: around(secret) });
}

// Values that people name in a sentence.
add("stripe in prose", random(WORD, 32), (s) => `stripe key: ${s}`);
add("aws in prose", random(BASE64, 40), (s) => `here's the aws secret ${s} for staging`);
add("password in prose", "Tr0ub4dor&3", (s) => `The password is ${s}, please don't commit it.`);
add("password in prose, quoted", "winter-Sunset-42", (s) => `log in as admin with password "${s}"`);
add("password with a colon in prose", "Zk7!qwPlm", (s) => `my db password: ${s}`);
add("token in prose", random(WORD, 40), (s) => `Use this token: ${s} when you call the API`);
add("api key in prose", random(HEX, 32), (s) => `The OpenWeather API key is ${s}.`);
add("pin in prose", random(WORD, 24), (s) => `my twilio auth token is \`${s}\``);
add(
  "markdown list",
  random(WORD, 36),
  (s) => `- **Client secret**: \`${s}\`\n- **Client ID**: app-1`,
);
add(
  "markdown table",
  random(WORD, 30),
  (s) => `| name | value |\n|---|---|\n| API_SECRET | ${s} |`,
);
add("german note", "Gehe1m!Wort", (s) => `user: root\npass: ${s}\nhost: 10.0.0.4`);

// Issuers' prefixes.
add(
  "openai project",
  `sk-proj-${random(URL64, 74)}`,
  (s) => `export OPENAI=${s}`,
  (s) => `{"k":["${s}"]}`,
);
add(
  "anthropic",
  `sk-ant-api03-${random(URL64, 93)}AA`,
  (s) => `curl -H 'x-api-key: ${s}' https://api.anthropic.com`,
);
add("openrouter", `sk-or-v1-${random(HEX, 64)}`, (s) => `key → ${s}`);
add("groq", `gsk_${random(WORD, 52)}`, (s) => `client = Groq(api_key="${s}")`);
add("xai", `xai-${random(WORD, 80)}`, (s) => `I pasted ${s} by mistake`);
add("perplexity", `pplx-${random(WORD, 48)}`, (s) => `pplx: ${s}`);
add("replicate", `r8_${random(WORD, 37)}`, (s) => `REPLICATE=${s}`);
add("hugging face", `hf_${random(LOWER + UPPER, 34)}`, (s) => `huggingface-cli login --token ${s}`);
add(
  "github fine-grained",
  `github_pat_${random(WORD, 22)}_${random(WORD, 59)}`,
  (s) => `git clone https://${s}@github.com/a/b.git`,
);
add(
  "github oauth",
  `gho_${random(WORD, 36)}`,
  (s) => `hosts.yml:\n  github.com:\n    oauth_token: ${s}`,
);
add(
  "gitlab deploy",
  `gldt-${random(URL64, 20)}`,
  (s) => `docker login -u ci -p ${s} registry.gitlab.com`,
);
add("gitlab runner", `glrt-${random(URL64, 20)}`, (s) => `token = "${s}"`);
add("npm", `npm_${random(WORD, 36)}`, (s) => `//registry.npmjs.org/:_authToken=${s}`);
add("npm legacy", uuid(), (s) => `//registry.npmjs.org/:_authToken=${s}`);
add(
  "pypi",
  `pypi-AgEIcHlwaS5vcmc${random(URL64, 70)}`,
  (s) => `twine upload -u __token__ -p ${s} dist/*`,
);
add("rubygems", `rubygems_${random(HEX, 48)}`, (s) => `:rubygems_api_key: ${s}`);
add("crates.io", `cio${random(WORD, 32)}`, (s) => `cargo login ${s}`);
add(
  "docker hub",
  `dckr_pat_${random(URL64, 27)}`,
  (s) => `echo ${s} | docker login --password-stdin`,
);
add(
  "slack bot",
  `xoxb-${random(DIGITS, 12)}-${random(DIGITS, 13)}-${random(WORD, 24)}`,
  (s) => `SLACK=${s}`,
);
add(
  "slack app",
  `xapp-1-A0${random(UPPER + DIGITS, 9)}-${random(DIGITS, 13)}-${random(HEX, 64)}`,
  (s) => `app-level ${s}`,
);
add(
  "discord bot",
  `MT${random(WORD, 24)}.${random(WORD, 6)}.${random(URL64, 38)}`,
  (s) => `client.login("${s}")`,
);
add(
  "telegram bot",
  `${random(DIGITS, 10)}:AA${random(URL64, 33)}`,
  (s) => `curl https://api.telegram.org/bot${s}/getMe`,
  (s) => `BOT_TOKEN=${s}`,
);
add("sendgrid", `SG.${random(URL64, 22)}.${random(URL64, 43)}`, (s) => `sg.setApiKey('${s}')`);
add("stripe live", `sk_live_${random(WORD, 99)}`, (s) => `Stripe("${s}")`);
add(
  "stripe webhook",
  `whsec_${random(WORD, 32)}`,
  (s) => `stripe listen\n> Ready! Your webhook signing secret is ${s} (^C to quit)`,
);
add("square", `EAAA${random(URL64, 60)}`, (s) => `square_access_token: '${s}'`);
add(
  "aws pair",
  random(BASE64, 40),
  (s) => `[default]\naws_access_key_id = AKIA${random(UPPER, 16)}\naws_secret_access_key = ${s}`,
);
add(
  "aws id",
  `AKIA${random("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)}`,
  (s) => `Access key ${s} was rotated`,
);
add("aws session", random(BASE64, 300), (s) => `"Credentials": {"SessionToken": "${s}"}`);
add(
  "google api",
  `AIza${random(URL64, 35)}`,
  (s) => `<script src="https://maps.googleapis.com/maps/api/js?key=${s}&libraries=places">`,
);
add("google oauth secret", `GOCSPX-${random(URL64, 28)}`, (s) => `"client_secret":"${s}"`);
add(
  "google service account",
  `-----BEGIN PRIVATE KEY-----\\nMIIEv${random(BASE64, 200)}\\n-----END PRIVATE KEY-----\\n`,
  (s) => `{"type":"service_account","private_key":"${s}"}`,
);
add(
  "azure storage",
  `${random(BASE64, 86)}==`,
  (s) =>
    `DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=${s};EndpointSuffix=core.windows.net`,
);
add(
  "azure sas",
  `${random(WORD, 40)}%3D`,
  (s) => `https://acme.blob.core.windows.net/c/f?sv=2022-11-02&sp=r&sig=${s}`,
);
add("azure ad", `${random(WORD, 3)}8Q~${random(URL64, 34)}`, (s) => `AZURE_CLIENT_SECRET=${s}`);
add("digitalocean", `dop_v1_${random(HEX, 64)}`, (s) => `doctl auth init -t ${s}`);
add("fly.io", `fo1_${random(URL64, 43)}`, (s) => `FLY_ACCESS=${s}`);
add(
  "vercel",
  random(WORD, 24),
  (s) => `vercel deploy --token=${s}`,
  (s) => `VERCEL_TOKEN: ${s}`,
);
add("netlify", `nfp_${random(WORD, 36)}`, (s) => `netlify deploy --auth ${s}`);
add("supabase", `sbp_${random(HEX, 40)}`, (s) => `supabase login --token ${s}`);
add("planetscale", `pscale_tkn_${random(URL64, 43)}`, (s) => `pscale ${s}`);
add("linear", `lin_api_${random(WORD, 40)}`, (s) => `Authorization: ${s}`);
add(
  "notion",
  `ntn_${random(DIGITS, 11)}${random(WORD, 35)}`,
  (s) => `new Client({ auth: "${s}" })`,
);
add(
  "sentry",
  `sntrys_${random(URL64, 80)}_${random(BASE64, 43)}`,
  (s) => `sentry-cli --auth-token ${s} releases list`,
);
add("grafana", `glsa_${random(WORD, 32)}_${random(HEX, 8)}`, (s) => `grafana ${s}`);
add("new relic", `NRAK-${random(UPPER + DIGITS, 27)}`, (s) => `NEW_RELIC_USER=${s}`);
add("posthog", `phx_${random(WORD, 43)}`, (s) => `posthog personal ${s}`);
add(
  "terraform",
  `${random(WORD, 14)}.atlasv1.${random(URL64, 67)}`,
  (s) => `credentials "app.terraform.io" {\n  token = "${s}"\n}`,
);
add("vault", `hvs.${random(URL64, 95)}`, (s) => `vault login ${s}`);
add(
  "atlassian",
  `ATATT3xFfGF0${random(URL64, 180)}`,
  (s) => `curl -u me@acme.example:${s} https://acme.atlassian.net`,
);
add(
  "tailscale",
  `tskey-auth-${random(WORD, 17)}-${random(WORD, 32)}`,
  (s) => `sudo tailscale up --authkey ${s}`,
);
add("doppler", `dp.st.dev.${random(WORD, 43)}`, (s) => `doppler ${s}`);
add("1password", `ops_eyJ${random(URL64, 250)}`, (s) => `OP=${s}`);
add(
  "age",
  `AGE-SECRET-KEY-1${random("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)}`,
  (s) => `# public key: age1abc\n${s}`,
);
add(
  "jwt",
  `eyJhbGciOiJIUzI1NiJ9.eyJ${random(URL64, 60)}.${random(URL64, 43)}`,
  (s) => `Cookie: session=${s}; theme=dark`,
  (s) => `localStorage.setItem('jwt', '${s}')`,
);
add(
  "sentry dsn secret",
  random(HEX, 32),
  (s) => `SENTRY_DSN=https://${random(HEX, 32)}:${s}@o12.ingest.sentry.io/4`,
);

// Passwords in URLs.
add(
  "url password with a space",
  "my pass word1",
  (s) => `postgres://app:${s}@db.internal:5432/app`,
);
add("url password with an at", "p@ss:w0rd", (s) => `mysql://root:${s}@127.0.0.1/shop`);
add(
  "url password with a slash",
  "ab/cd#9x?y",
  (s) => `DATABASE_URL="postgresql://svc:${s}@db:5432/main?sslmode=require"`,
);
add("url password, percent", "a%20b%40c%2F1", (s) => `amqp://guest:${s}@mq:5672/%2f`);
add("redis without a user", "s3cr3tRedis", (s) => `redis://:${s}@cache:6379/0`);
add("mongo srv", "Pa$$w0rd!", (s) => `mongodb+srv://admin:${s}@cluster0.ab1cd.mongodb.net/test`);
add("odbc", "Sql!2024x", (s) => `Server=tcp:db,1433;User ID=sa;Password=${s};Encrypt=true`);
add(
  "jdbc",
  "oraclePw77",
  (s) => `jdbc:oracle:thin:scott/${s}@//db:1521/XE`,
  (s) => `jdbc:mysql://h/db?user=app&password=${s}`,
);
add("proxy", "pr0xyPass", (s) => `export https_proxy=http://corp\\\\me:${s}@proxy.corp:8080`);
add("smtp url", "mailPw!9", (s) => `smtps://bot%40acme.example:${s}@smtp.acme.example:465`);
add("url query token", random(WORD, 32), (s) => `GET /v1/feed?user=3&access_token=${s} HTTP/1.1`);
add("magic link", random(URL64, 43), (s) => `https://app.example/reset?reset_token=${s}`);
add(
  "slack webhook",
  `T0${random(UPPER, 8)}/B0${random(UPPER, 8)}/${random(WORD, 24)}`,
  (s) => `requests.post("https://hooks.slack.com/services/${s}")`,
);
add(
  "teams webhook",
  `${uuid()}@${uuid()}/IncomingWebhook/${random(HEX, 32)}/${uuid()}`,
  (s) => `https://acme.webhook.office.com/webhookb2/${s}`,
);

// Commands and configuration.
add("mysql -p", "s3cretpw", (s) => `mysql -u root -p${s} shop < dump.sql`);
add("PGPASSWORD", "pgpass99", (s) => `PGPASSWORD=${s} psql -h db -U app`);
add("sshpass", "sshPw!1", (s) => `sshpass -p '${s}' ssh root@10.0.0.1`);
add("redis-cli -a", "redisPw22", (s) => `redis-cli -h cache -a ${s} ping`);
add("curl -u", "curlPw!33", (s) => `curl -sS --user admin:${s} https://nexus.local`);
add("htpasswd", "htPw_44", (s) => `htpasswd -bc .htpasswd admin ${s}`);
add("chpasswd", "newPw!55", (s) => `echo "deploy:${s}" | chpasswd`);
add("alter user", "sqlPw!66", (s) => `ALTER USER app WITH PASSWORD '${s}';`);
add("identified by", "sqlPw!77", (s) => `CREATE USER 'app'@'%' IDENTIFIED BY '${s}';`);
add(
  "kubernetes secret",
  random(BASE64, 24),
  (s) => `kind: Secret\ndata:\n  db-password: ${s}\n  api-token: eHl6`,
);
add(
  "yaml, quoted with spaces",
  "correct horse battery staple",
  (s) => `vault:\n  passphrase: "${s}"`,
);
add("toml", "tomlPw_88!", (s) => `[database]\nhost = "db"\npassword = '${s}'`);
add("ini", "iniPw;99", (s) => `[smtp]\nsmtp_pass=${s}`);
add("properties", "springPw1!", (s) => `spring.datasource.password=${s}`);
add("xml attribute", "xmlPw-22", (s) => `<add key="SmtpPassword" value="${s}" />`);
add(
  "maven",
  "mvnPw-33",
  (s) => `<server><id>nexus</id><username>ci</username><password>${s}</password></server>`,
);
add(
  "netrc",
  "netrcPw44",
  (s) => `machine api.heroku.com\n  login me@acme.example\n  password ${s}`,
);
add("pgpass", "pgfilePw5", (s) => `cat ~/.pgpass\ndb.internal:5432:*:app:${s}`);
add("docker auth", random(BASE64, 32), (s) => `{"auths":{"ghcr.io":{"auth":"${s}"}}}`);
add(
  "env in a Dockerfile",
  random(WORD, 20),
  (s) => `ENV SECRET_KEY_BASE ${s}`,
  (s) => `ARG GH_TOKEN=${s}`,
);
add("django", `django-insecure-${random(WORD, 30)}(*&`, (s) => `SECRET_KEY = '${s}'`);
add("rails master key", random(HEX, 32), (s) => `RAILS_MASTER_KEY=${s} bin/rails c`);
add("wifi", "MyHomeWifi2024", (s) => `nmcli dev wifi connect Home password ${s}`);

// Code and logs.
add(
  "javascript object",
  random(WORD, 28),
  (s) => `const config = { apiSecret: "${s}", region: "eu" };`,
);
add(
  "typescript default",
  random(WORD, 28),
  (s) => `const jwtSecret: string = process.env.JWT_SECRET ?? "${s}";`,
);
add(
  "python call",
  "pyPw!123",
  (s) => `conn = psycopg2.connect(host="db", user="app", password='${s}')`,
);
add("go", "goPw#456", (s) => `os.Setenv("DB_PASSWORD", "${s}")`);
add("java", "javaPw789", (s) => `private static final String DB_PASSWORD = "${s}";`);
add(
  "php",
  "phpPw_012",
  (s) => `define('DB_PASSWORD', '${s}');`,
  (s) => `'password' => '${s}',`,
);
add("c sharp", "csPw!345", (s) => `new NetworkCredential("user", "${s}")`);
add("ruby", "rbPw678!", (s) => `{ :username => "a", :password => "${s}" }`);
add("powershell", "psPw!901", (s) => `$pw = ConvertTo-SecureString "${s}" -AsPlainText -Force`);
add("escaped json", "escPw234!", (s) => `body: "{\\"user\\":\\"a\\",\\"password\\":\\"${s}\\"}"`);
add("form body", "formPw567", (s) => `POST /login\n\nusername=me&password=${s}&remember=1`);
add("set-cookie", random(URL64, 40), (s) => `< set-cookie: __Host-session=${s}; Path=/; HttpOnly`);
add(
  "bearer in a log",
  random(URL64, 50),
  (s) => `DEBUG headers={'Authorization': 'Bearer ${s}', 'Accept': '*/*'}`,
);
add("basic auth", `${random(BASE64, 30)}==`, (s) => `authorization: Basic ${s}`);
add(
  "custom header",
  random(WORD, 32),
  (s) => `X-Api-Key: ${s}\nContent-Type: text/plain`,
  (s) => `curl -H "PRIVATE-TOKEN: ${s}" https://git.local/api`,
);
add("diff", random(WORD, 32), (s) => `-  token: old\n+  token: ${s}`);
add(
  "ssh key",
  `b3BlbnNzaC1rZXktdjEA${random(BASE64, 150)}`,
  (s) => `-----BEGIN OPENSSH PRIVATE KEY-----\n${s}\n-----END OPENSSH PRIVATE KEY-----`,
);
add(
  "wireguard",
  `${random(BASE64, 42)}E=`,
  (s) => `[Interface]\nPrivateKey = ${s}\nAddress = 10.1.1.2/24`,
);
add("ethereum", `0x${random(HEX, 64)}`, (s) => `PRIVATE_KEY=${s} npx hardhat run deploy.ts`);
add(
  "mnemonic",
  "legal winner thank year wave sausage worth useful legal winner thank yellow",
  (s) => `MNEMONIC="${s}"`,
);
add("totp", "JBSWY3DPEHPK3PXP", (s) => `otpauth://totp/Acme:me?secret=${s}&issuer=Acme`);
add("camel name", random(WORD, 26), (s) => `clientSecretKey=${s}`);
add("datadog", random(HEX, 32), (s) => `DD_API_KEY=${s} datadog-ci`);
add("cloudflare global", random(HEX, 37), (s) => `X-Auth-Key: ${s}`);

export const UNSEEN_SECRETS: readonly SecretCase[] = cases;
