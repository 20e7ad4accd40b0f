/**
 * The third set that was written without a look at the rules: what transcripts of other people's work may
 * hold, in several languages. Values are invented and assembled at run time, so that repository scanners
 * do not report them.
 */

import type { SecretCase } from "./corpus.fixture";

let state = 0x5eed2417;
function rnd(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const one = (list: readonly string[]) => list[Math.floor(rnd() * list.length)] ?? "";
const R = (alphabet: string, length: number) =>
  Array.from({ length }, () => alphabet[Math.floor(rnd() * alphabet.length)]).join("");
const LO = "abcdefghijklmnopqrstuvwxyz";
const UP = LO.toUpperCase();
const DI = "0123456789";
const AN = (n: number) => R(LO + UP + DI, n);
const LD = (n: number) => R(LO + DI, n);
const UD = (n: number) => R(UP + DI, n);
const HX = (n: number) => R("0123456789abcdef", n);
const B6 = (n: number) => R(`${LO}${UP}${DI}+/`, n);
const BU = (n: number) => R(`${LO}${UP}${DI}-_`, n);
const D = (n: number) => R("123456789", 1) + R(DI, n - 1);
const syl = (n: number) =>
  Array.from({ length: n }, () => one([..."bdfgklmnprstvz"]) + one([..."aeiou"])).join("");
const cap = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1);
/** Passwords as people make them: with symbols, and of letters and digits only. */
const PW = () =>
  cap(syl(3)) + one(["!", "-", "_", ".", "+"]) + D(3) + one(["!", "?", "*", "~", "x"]);
const PA = () => cap(syl(2)) + D(2) + AN(6);
const uuid = () => `${HX(8)}-${HX(4)}-4${HX(3)}-a${HX(3)}-${HX(12)}`;
const lines = (n: number, width: number, last = 0) =>
  Array.from({ length: n }, () => B6(width))
    .concat(last > 0 ? [B6(last)] : [])
    .join("\n");
const b64e = (text: string) => btoa(text);
const b64ue = (text: string) =>
  btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const jwt = () =>
  `${b64ue('{"alg":"HS256","typ":"JWT"}')}.${b64ue(`{"sub":"${D(8)}","role":"editor","iat":1719${D(6)}}`)}.${BU(43)}`;

export const THIRD_SECRETS: SecretCase[] = [];
export const THIRD_HARMLESS: string[] = [];
function add(kind: string, secret: string, around: (secret: string) => string): void {
  THIRD_SECRETS.push({ kind, secret, text: around(secret) });
}
const keep = (text: string) => void THIRD_HARMLESS.push(text);
const J = (...slices: string[]) => slices.join("");
const DASH5 = "-".repeat(5);
const BEG = (label: string) => `${DASH5}BEGIN ${label}${DASH5}`;
const END = (label: string) => `${DASH5}END ${label}${DASH5}`;
const PK = J("PRIV", "ATE KEY");

// issuers: AI
add(
  "anthropic export",
  J("sk", "-ant", "-api03-", BU(93), "AA"),
  (s) => `$ export ANTHROPIC_API_KEY=${s}\n$ node cli.js "summarise the readme"`,
);
add(
  "openai project python",
  J("sk", "-proj", "-", BU(74), "T3Blbk", "FJ", BU(74)),
  (s) =>
    `from openai import OpenAI\n\nclient = OpenAI(api_key="${s}")\nprint(client.models.list())`,
);
add(
  "openai old in error",
  J("sk", "-", AN(20), "T3Blbk", "FJ", AN(20)),
  (s) =>
    `openai.AuthenticationError: Error code: 401 - {'error': {'message': 'Incorrect API key provided: ${s}. You can find your API key at https://platform.openai.com/account/api-keys.'}}`,
);
add(
  "openrouter curl",
  J("sk", "-or", "-v1-", HX(64)),
  (s) =>
    `curl https://openrouter.ai/api/v1/chat/completions \\\n  -H "Authorization: Bearer ${s}" \\\n  -H "Content-Type: application/json" -d @body.json`,
);
add(
  "groq env",
  J("gs", "k_", AN(52)),
  (s) => `# .env.local\nPORT=3000\nGROQ_API_KEY='${s}'\nNODE_ENV=development`,
);
add(
  "huggingface cli",
  J("h", "f_", R(LO + UP, 34)),
  (s) =>
    `huggingface-cli login --token ${s} --add-to-git-credential\nToken is valid (permission: write).`,
);
add(
  "replicate js",
  J("r", "8_", AN(37)),
  (s) => `const replicate = new Replicate({ auth: "${s}" });`,
);
add(
  "xai yaml",
  J("xa", "i-", AN(80)),
  (s) => `providers:\n  grok:\n    base_url: https://api.x.ai/v1\n    key: ${s}\n    model: grok-4`,
);
add(
  "perplexity bare in chat",
  J("ppl", "x-", AN(48)),
  (s) => `can you wire up the search tool? this one works: ${s} but only has 5 dollars on it`,
);
add(
  "google maps url",
  J("AI", "za", "Sy", BU(33)),
  (s) =>
    `GET https://maps.googleapis.com/maps/api/geocode/json?address=Linz+Hauptplatz&key=${s} 200 OK (184ms)`,
);
add("mistral no prefix", AN(32), (s) => `MISTRAL_API_KEY=${s}\nMISTRAL_MODEL=mistral-small-latest`);
add(
  "cohere no prefix",
  AN(40),
  (s) =>
    `import cohere\nco = cohere.ClientV2(api_key='${s}')\nco.embed(texts=texts, model="embed-v4.0", input_type="search_document")`,
);
add(
  "deepseek toml",
  J("sk", "-", HX(32)),
  (s) =>
    `[model_providers.deepseek]\nname = "DeepSeek"\nbase_url = "https://api.deepseek.com"\nexperimental_bearer_token = "${s}"`,
);
add(
  "elevenlabs header",
  J("s", "k_", HX(48)),
  (s) =>
    `http POST https://api.elevenlabs.io/v1/text-to-speech/Rachel xi-api-key:${s} text="hello there"`,
);
add(
  "langsmith",
  J("lsv2", "_pt_", HX(32), "_", HX(10)),
  (s) => `os.environ["LANGCHAIN_TRACING_V2"] = "true"\nos.environ["LANGCHAIN_API_KEY"] = "${s}"`,
);
add(
  "azure openai dotnet",
  HX(32),
  (s) =>
    `var client = new AzureOpenAIClient(\n    new Uri("https://demo-eu.openai.azure.com/"),\n    new AzureKeyCredential("${s}"));`,
);
add("tavily mcp json", J("tv", "ly-", "dev-", AN(32)), (s) =>
  JSON.stringify(
    {
      mcpServers: {
        tavily: { command: "npx", args: ["-y", "tavily-mcp@0.2.1"], env: { TAVILY_API_KEY: s } },
      },
    },
    null,
    2,
  ),
);

// issuers: git and CI
add(
  "github classic remote",
  J("gh", "p_", AN(36)),
  (s) =>
    `$ git remote -v\norigin\thttps://${s}@github.com/tavo-labs/ledger.git (fetch)\norigin\thttps://${s}@github.com/tavo-labs/ledger.git (push)`,
);
add(
  "github fine grained",
  J("github", "_pat_", AN(22), "_", AN(59)),
  (s) => `echo "${s}" | gh auth login --with-token`,
);
add(
  "github oauth hosts.yml",
  J("gh", "o_", AN(36)),
  (s) => `github.com:\n    user: nedavo\n    oauth_token: ${s}\n    git_protocol: https`,
);
add(
  "github server ci log",
  J("gh", "s_", AN(36)),
  (s) =>
    `2024-11-04T09:12:44.1183920Z ##[debug]Evaluating: secrets.GITHUB_TOKEN\n2024-11-04T09:12:44.1184413Z ##[debug]=> '${s}'\n2024-11-04T09:12:44.1190000Z ##[debug]Result: true`,
);
add(
  "gitlab pat header",
  J("gl", "pat-", BU(20)),
  (s) =>
    `curl --header "PRIVATE-TOKEN: ${s}" "https://gitlab.example.org/api/v4/projects/412/pipelines?per_page=5"`,
);
add(
  "gitlab runner register",
  J("gl", "rt-", BU(20)),
  (s) =>
    `sudo gitlab-runner register --non-interactive --url https://gitlab.example.org --token ${s} --executor docker --docker-image alpine:3.20`,
);
add(
  "gitlab ci clone user",
  J("gl", "dt-", BU(20)),
  (s) =>
    `git clone https://gitlab+deploy-token-81:${s}@gitlab.example.org/infra/charts.git /tmp/charts`,
);
add(
  "bitbucket app password",
  J("AT", "BB", AN(24), UD(8)),
  (s) => `pip install git+https://nedavo:${s}@bitbucket.org/tavo/pricing.git@v1.4.0`,
);
add(
  "gitea token header",
  HX(40),
  (s) =>
    `> GET /api/v1/user/repos HTTP/1.1\n> Host: git.intern.example\n> Authorization: token ${s}\n> Accept: */*`,
);
add(
  "circleci",
  J("CCI", "PAT_", AN(22), "_", HX(40)),
  (s) => `circleci setup --no-prompt --host https://circleci.com --token ${s}`,
);
add("buildkite", J("bk", "ua_", HX(40)), (s) => `BUILDKITE_API_TOKEN: "${s}" # rotate in May`);
add(
  "sonar scanner",
  J("sq", "p_", HX(40)),
  (s) =>
    `mvn -B verify sonar:sonar -Dsonar.host.url=https://sonar.example.org -Dsonar.token=${s} -Dsonar.projectKey=ledger`,
);

// issuers: clouds
add(
  "aws credentials file",
  B6(40),
  (s) =>
    `[default]\nregion = eu-central-1\naws_access_key_id = ${J("AK", "IA", UD(16))}\naws_secret_access_key = ${s}`,
);
add(
  "aws session token",
  J("IQoJb3", "JpZ2luX2Vj", B6(280), "="),
  (s) => `export AWS_SESSION_TOKEN="${s}"\naws sts get-caller-identity`,
);
add("aws sts json", B6(40), (s) =>
  JSON.stringify(
    {
      Credentials: {
        AccessKeyId: J("AS", "IA", UD(16)),
        SecretAccessKey: s,
        Expiration: "2024-10-02T17:40:11Z",
      },
    },
    null,
    4,
  ),
);
add(
  "azure storage connection",
  B6(86) + "==",
  (s) =>
    `AzureWebJobsStorage="DefaultEndpointsProtocol=https;AccountName=tavodemo;AccountKey=${s};EndpointSuffix=core.windows.net"`,
);
add(
  "azure sp powershell",
  J(AN(3), "8Q~", R(LO + UP + DI + "_.~-", 33), AN(1)),
  (s) => `az login --service-principal -u ${uuid()} -p ${s} --tenant ${uuid()}`,
);
add(
  "azure sas sig",
  encodeURIComponent(B6(43) + "="),
  (s) =>
    `azcopy copy ./dist "https://tavodemo.blob.core.windows.net/web?sv=2023-11-03&ss=b&srt=co&sp=rwl&se=2025-01-31T10:00:00Z&spr=https&sig=${s}" --recursive`,
);
add(
  "s3 presigned signature",
  HX(64),
  (s) =>
    `https://tavo-dumps.s3.eu-west-1.amazonaws.com/db.sql.gz?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20241002T101112Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=${s}`,
);
add(
  "gcp oauth client secret",
  J("GOC", "SPX-", BU(28)),
  (s) =>
    `{"web":{"client_id":"${D(12)}-${LD(32)}.apps.googleusercontent.com","auth_uri":"https://accounts.google.com/o/oauth2/auth","client_secret":"${s}"}}`,
);
add(
  "gcloud access token",
  J("ya", "29.", "a0A", BU(160)),
  (s) => `$ gcloud auth print-access-token\n${s}\n$ gcloud config get project\ntavo-staging`,
);
add(
  "google refresh token",
  J("1/", "/0", "3", BU(60)),
  (s) =>
    `creds = Credentials(None, refresh_token="${s}", token_uri="https://oauth2.googleapis.com/token", client_id=CLIENT_ID)`,
);
add(
  "digitalocean hcl",
  J("dop", "_v1_", HX(64)),
  (s) => `provider "digitalocean" {\n  token = "${s}"\n}`,
);
add("hetzner no prefix", AN(64), (s) => `$ HCLOUD_TOKEN=${s} hcloud server list\nID  NAME  STATUS`);
add(
  "cloudflare bearer",
  BU(40),
  (s) =>
    `requests.get("https://api.cloudflare.com/client/v4/zones", headers={"Authorization": "Bearer ${s}"})`,
);
add("heroku", J("HRKU", "-", AN(8), BU(52)), (s) => `heroku:\n  api_key: ${s}\n  app: tavo-web`);
add(
  "fly machine token",
  J("fm", "2_", B6(180), "=="),
  (s) => `fly deploy --remote-only --access-token "FlyV1 ${s}"`,
);
add(
  "netlify args array",
  J("nf", "p_", AN(36)),
  (s) => `spawn("netlify", ["deploy", "--prod", "--auth", "${s}", "--dir", "dist"])`,
);
add(
  "terraform cloud rc",
  J(AN(14), ".atlas", "v1.", BU(67)),
  (s) => `credentials "app.terraform.io" {\n  token = "${s}"\n}`,
);
add(
  "pulumi",
  J("pu", "l-", HX(40)),
  (s) => `+PULUMI_ACCESS_TOKEN=${s}\n PULUMI_BACKEND_URL=https://api.pulumi.com`,
);
add(
  "databricks cfg",
  J("da", "pi", HX(32)),
  (s) => `[DEFAULT]\nhost = https://adb-${D(15)}.7.azuredatabricks.net\ntoken = ${s}`,
);
add(
  "vault token",
  J("hv", "s.", "CAES", "I", BU(90)),
  (s) => `$ vault login ${s}\nSuccess! You are now authenticated.`,
);
add(
  "doppler",
  J("dp", ".st.", "prd.", AN(43)),
  (s) => `docker run -e DOPPLER_TOKEN=${s} tavo/api:latest`,
);
add(
  "tailscale cloud-init",
  J("tskey", "-auth-", "k", AN(11), "CNTRL-", AN(32)),
  (s) =>
    `#cloud-config\nruncmd:\n  - curl -fsSL https://tailscale.com/install.sh | sh\n  - tailscale up --authkey=${s} --ssh`,
);
add(
  "supabase access token",
  J("sb", "p_", HX(40)),
  (s) => `supabase link --project-ref ${LD(20)} && SUPABASE_ACCESS_TOKEN=${s} supabase db push`,
);
add(
  "supabase secret key",
  J("sb", "_secret_", BU(31)),
  (s) =>
    `createClient('https://${R(LO, 20)}.supabase.co', '${s}', { auth: { persistSession: false } })`,
);

// issuers: payment, mail, monitoring, chat, registries, misc
add(
  "stripe live ruby",
  J("sk", "_live_", "51", AN(97)),
  (s) => `require "stripe"\nStripe.api_key = "${s}"\nStripe::Charge.list(limit: 3)`,
);
add(
  "stripe restricted curl -u",
  J("rk", "_live_", AN(99)),
  (s) => `curl https://api.stripe.com/v1/balance -u ${s}:`,
);
add(
  "stripe webhook secret",
  J("wh", "sec_", AN(32)),
  (s) =>
    `> Ready! You are using Stripe API Version [2024-06-20]. Your webhook signing secret is ${s} (^C to quit)`,
);
add(
  "paypal php",
  J("E", BU(79)),
  (s) =>
    `$config = [\n    'paypal_client_id' => '${J("A", BU(79))}',\n    'paypal_client_secret' => '${s}',\n];`,
);
add("square", J("EA", "AA", "E", BU(59)), (s) => `SQUARE_ACCESS_TOKEN = ${s}`);
add(
  "razorpay",
  AN(24),
  (s) => `var instance = new Razorpay({ key_id: 'rzp_live_${AN(14)}', key_secret: '${s}' })`,
);
add(
  "sendgrid go",
  J("S", "G.", BU(22), ".", BU(43)),
  (s) => `client := sendgrid.NewSendClient("${s}")\nresp, err := client.Send(message)`,
);
add(
  "mailgun curl",
  J("ke", "y-", HX(32)),
  (s) =>
    `curl -s --user 'api:${s}' https://api.mailgun.net/v3/mg.example.org/messages -F to=a@example.org`,
);
add(
  "mailchimp",
  J(HX(32), "-us", "14"),
  (s) => `mailchimp.setConfig({ apiKey: "${s}", server: "us14" });`,
);
add(
  "postmark header",
  uuid(),
  (s) =>
    `POST /email HTTP/1.1\nHost: api.postmarkapp.com\nX-Postmark-Server-Token: ${s}\nContent-Type: application/json`,
);
add("resend", J("r", "e_", AN(8), "_", AN(24)), (s) => `const resend = new Resend('${s}');`);
add("brevo", J("xkey", "sib-", HX(64), "-", AN(16)), (s) => `api-key: ${s}`);
add(
  "sentry auth",
  J("sntr", "ys_", b64ue('{"iat":1719000000,"org":"tavo"}'), "_", B6(43)),
  (s) => `auth.token=${s}\ndefaults.org=tavo\ndefaults.project=web`,
);
add(
  "datadog helm",
  HX(32),
  (s) =>
    `helm install dd datadog/datadog --set datadog.apiKey=${s} --set datadog.site=datadoghq.eu`,
);
add("new relic ini", J("NR", "AK-", UD(27)), (s) => `newrelic.api_key = ${s}`);
add(
  "grafana service account",
  J("gl", "sa_", AN(32), "_", HX(8)),
  (s) => `- job_name: grafana\n  authorization:\n    type: Bearer\n    credentials: ${s}`,
);
add(
  "dynatrace",
  J("dt0", "c01.", UD(24), ".", UD(64)),
  (s) =>
    `wget -O oneagent.sh "https://abc${D(5)}.live.dynatrace.com/api/v1/deployment/installer/agent/unix/default/latest" --header="Authorization: Api-Token ${s}"`,
);
add(
  "npmrc",
  J("np", "m_", AN(36)),
  (s) =>
    `@tavo:registry=https://registry.npmjs.org/\n//registry.npmjs.org/:_authToken=${s}\nsave-exact=true`,
);
add(
  "pypirc",
  J("py", "pi-", "AgEIcHlwaS5vcmc", BU(150)),
  (s) => `[pypi]\nusername = __token__\npassword = ${s}`,
);
add("rubygems credentials", J("ruby", "gems_", HX(48)), (s) => `---\n:rubygems_api_key: ${s}`);
add(
  "nuget push",
  J("o", "y2", LD(43)),
  (s) =>
    `dotnet nuget push bin/Release/Tavo.Core.2.1.0.nupkg -k ${s} -s https://api.nuget.org/v3/index.json`,
);
add(
  "docker pat stdin",
  J("dckr", "_pat_", BU(27)),
  (s) => `echo ${s} | docker login -u nedavo --password-stdin`,
);
add(
  "slack bot",
  J("xo", "xb-", D(12), "-", D(13), "-", AN(24)),
  (s) => `app = App(token="${s}", signing_secret=os.environ["SIGNING"])`,
);
add(
  "slack webhook",
  AN(24),
  (s) =>
    `curl -X POST -H 'Content-type: application/json' --data '{"text":"deploy done"}' https://hooks.slack.com/services/T${UD(10)}/B${UD(10)}/${s}`,
);
add("discord bot", J("MT", AN(24), ".", "G", AN(5), ".", BU(38)), (s) => `client.login("${s}");`);
add(
  "discord webhook",
  BU(68),
  (s) => `DISCORD_HOOK=https://discord.com/api/webhooks/${D(19)}/${s}`,
);
add(
  "telegram bot url",
  J(D(10), ":AA", BU(33)),
  (s) => `$r = Invoke-RestMethod "https://api.telegram.org/bot${s}/getUpdates"`,
);
add("twilio java", HX(32), (s) => `Twilio.init("AC${HX(32)}", "${s}");`);
add("airtable", J("pa", "t", AN(14), ".", HX(64)), (s) => `Airtable.configure({ apiKey: '${s}' })`);
add("notion", J("nt", "n_", D(11), AN(35)), (s) => `NOTION_KEY: ${s}`);
add(
  "linear",
  J("lin", "_api_", AN(40)),
  (s) => `| service | value |\n| --- | --- |\n| linear | ${s} |\n| owner | Ned |`,
);
add(
  "hubspot",
  J("pa", "t-", "eu1-", uuid()),
  (s) => `- HubSpot private app: ${s}\n- Portal: 2${D(7)}`,
);
add("shopify", J("shp", "at_", HX(32)), (s) => `X-Shopify-Access-Token: ${s}`);
add(
  "atlassian curl",
  J("ATA", "TT3", "xFfGF0", BU(170), "=", UD(8)),
  (s) => `curl -u ned@example.org:${s} https://tavo.atlassian.net/rest/api/3/myself`,
);
add(
  "figma",
  J("fi", "gd_", BU(40)),
  (s) =>
    `{"mcpServers":{"figma":{"command":"npx","args":["-y","figma-developer-mcp","--figma-api-key=${s}","--stdio"]}}}`,
);
add(
  "mapbox secret",
  J("sk", ".eyJ", BU(80), ".", BU(22)),
  (s) => `MAPBOX_DOWNLOADS_TOKEN=${s}\norg.gradle.jvmargs=-Xmx4g`,
);
add(
  "age identity",
  J("AGE", "-SECRET", "-KEY-1", R("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
  (s) =>
    `# created: 2024-08-11T12:01:44+02:00\n# public key: age1${R("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58)}\n${s}`,
);

// connection strings
add(
  "postgres url",
  PA(),
  (s) => `DATABASE_URL=postgresql://ledger:${s}@db.intern.example:5432/ledger?sslmode=require`,
);
add(
  "mysql sqlalchemy",
  AN(11),
  (s) => `engine = create_engine("mysql+pymysql://report:${s}@10.4.0.17/report?charset=utf8mb4")`,
);
add(
  "mongodb srv",
  AN(16),
  (s) =>
    `MongoServerError: bad auth : Authentication failed. uri=mongodb+srv://web:${s}@cluster0.${LD(5)}.mongodb.net/app`,
);
add("redis no user", HX(20), (s) => `redis-cli -u redis://:${s}@cache.intern.example:6379/2 ping`);
add(
  "amqp celery",
  PW().replace("?", "!"),
  (s) => `broker_url = 'amqps://worker:${s}@mq.example.org:5671/prod'`,
);
add(
  "mssql ado",
  PW(),
  (s) =>
    `"ConnectionStrings": {\n  "Main": "Server=tcp:sql01.example.org,1433;Initial Catalog=Orders;User ID=orders_rw;Password=${s};Encrypt=True;"\n}`,
);
add(
  "jdbc properties",
  PA(),
  (s) =>
    `spring.datasource.url=jdbc:oracle:thin:@//ora1:1521/XEPDB1\nspring.datasource.username=hr\nspring.datasource.password=${s}`,
);
add(
  "jdbc query param",
  PA(),
  (s) =>
    `Connection c = DriverManager.getConnection("jdbc:postgresql://pg1/crm?user=crm&password=${s}&ssl=true");`,
);
add(
  "libpq keyword dsn",
  PA(),
  (s) => `psql "host=pg1 port=5432 dbname=crm user=crm password=${s} sslmode=verify-full"`,
);
add(
  "go mysql dsn",
  PA(),
  (s) => `db, err := sql.Open("mysql", "app:${s}@tcp(127.0.0.1:3306)/shop?parseTime=true")`,
);
add(
  "servicebus SharedAccessKey",
  B6(43) + "=",
  (s) =>
    `Endpoint=sb://tavo.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=${s}`,
);
add(
  "kafka jaas",
  AN(20),
  (s) =>
    `sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="loader" password="${s}";`,
);
add(
  "url-encoded password",
  `${cap(syl(2))}%23${AN(5)}%40${D(2)}`,
  (s) => `rails db:prepare DATABASE_URL="postgres://app:${s}@localhost/app_test"`,
);
add("clickhouse http", PA(), (s) => `curl 'http://default:${s}@ch1:8123/?query=SELECT%201'`);

// config files
add("netrc", PA(), (s) => `machine artifactory.example.org\n  login build\n  password ${s}\n`);
add("netrc one line", PA(), (s) => `machine api.example.org login ned password ${s}`);
add("pgpass", PW(), (s) => `$ cat ~/.pgpass\npg1.intern.example:5432:*:analytics:${s}`);
add("my.cnf", PW(), (s) => `[client]\nuser=backup\nhost=127.0.0.1\npassword="${s}"`);
add(
  "pip.conf",
  AN(24),
  (s) => `[global]\nextra-index-url = https://ci:${s}@pypi.example.org/simple/`,
);
add(
  "docker config auth",
  b64e(`robot:${AN(20)}`),
  (s) => `{\n\t"auths": {\n\t\t"registry.example.org": {\n\t\t\t"auth": "${s}"\n\t\t}\n\t}\n}`,
);
add(
  "npmrc _password base64",
  b64e(PA() + AN(6)),
  (s) =>
    `//npm.example.org/:username=ci\n//npm.example.org/:_password=${s}\n//npm.example.org/:always-auth=true`,
);
add(
  "kubeconfig token",
  J("eyJ", "hbGciOiJSUzI1NiIsImtpZCI6", BU(30), ".", "eyJ", BU(120), ".", BU(342)),
  (s) => `users:\n- name: deployer\n  user:\n    token: ${s}`,
);
add(
  "kubeconfig client key data",
  b64e(BEG("RSA " + PK) + "\n" + lines(6, 64)),
  (s) => `- name: admin@k3s\n  user:\n    client-key-data: ${s}`,
);
add(
  "k8s secret data",
  b64e(PW()),
  (s) =>
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: pg\ntype: Opaque\ndata:\n  POSTGRES_PASSWORD: ${s}`,
);
add(
  "k8s env name value",
  PA(),
  (s) =>
    `        env:\n        - name: SMTP_PASSWORD\n          value: "${s}"\n        - name: SMTP_PORT\n          value: "587"`,
);
add(
  "compose list env",
  PW(),
  (s) =>
    `services:\n  db:\n    image: mariadb:11\n    environment:\n      - MARIADB_ROOT_PASSWORD=${s}\n      - TZ=Europe/Vienna`,
);
add(
  "terraform state",
  R(LO + UP + DI + "!#%", 20),
  (s) =>
    `{"type":"random_password","name":"db","instances":[{"attributes":{"id":"none","length":20,"result":"${s}","special":true}}]}`,
);
add(
  "tfvars heredoc key",
  PA(),
  (s) => `db_username    = "root"\ndb_master_pass = "${s}"\ninstance_class = "db.t3.micro"`,
);
add(
  "ansible inventory",
  PW(),
  (s) => `[web]\nweb1 ansible_host=10.2.0.4 ansible_user=deploy ansible_become_pass='${s}'`,
);
add(
  "helm values camel",
  PA(),
  (s) => `auth:\n  existingSecret: ""\n  adminPassword: ${s}\n  database: app`,
);
add(
  "xml appsettings",
  AN(28),
  (s) =>
    `<appSettings>\n  <add key="JwtSigningKey" value="${s}" />\n  <add key="PageSize" value="50" />\n</appSettings>`,
);
add(
  "maven settings xml",
  PW(),
  (s) =>
    `<server>\n  <id>nexus</id>\n  <username>ci</username>\n  <password>${s}</password>\n</server>`,
);
add(
  "wpa supplicant",
  `${syl(3)} ${syl(2)} ${D(3)}`,
  (s) => `network={\n  ssid="Gasthaus"\n  psk="${s}"\n  key_mgmt=WPA-PSK\n}`,
);
add("nmcli wifi", PA(), (s) => `nmcli dev wifi connect "FritzBox 7590 KL" password ${s}`);
add(
  "android plist mobile",
  PA(),
  (s) =>
    `<key>PushApiSecret</key>\n<string>${s}</string>\n<key>CFBundleVersion</key>\n<string>41</string>`,
);
add(
  "gradle signing",
  PA(),
  (s) =>
    `android {\n  signingConfigs {\n    release {\n      storeFile file("upload.jks")\n      storePassword "${s}"\n      keyAlias "upload"\n    }\n  }\n}`,
);
add("kebab yaml", AN(32), (s) => `gateway:\n  shared-secret: ${s}\n  listen: 0.0.0.0:8443`);
add("colon without space", PA(), (s) => `host:10.0.0.8,user:backup,password:${s},port:22`);
add(
  "env suffix",
  AN(30),
  (s) => `APP_NAME=shop\nAPI_SECRET_STAGING_2=${s}\nAPI_URL_STAGING=https://stg.example.org`,
);
add(
  "next line value yaml",
  AN(36),
  (s) => `webhook:\n  signing_secret: >-\n    ${s}\n  retries: 3`,
);
add(
  "wireguard",
  B6(43) + "=",
  (s) => `[Interface]\nAddress = 10.66.0.2/32\nPrivateKey = ${s}\nDNS = 1.1.1.1`,
);
add("htpasswd hash", J("$ap", "r1$", AN(8), "$", R(LO + UP + DI + "./", 22)), (s) => `nagios:${s}`);
add(
  "shadow hash",
  J("$6", "$", AN(12), "$", R(LO + UP + DI + "./", 86)),
  (s) => `deploy:${s}:19876:0:99999:7:::`,
);
add(
  "licence key",
  `${UD(5)}-${UD(5)}-${UD(5)}-${UD(5)}`,
  (s) => `license_key = "${s}"\nlicensed_to = "Tavo GmbH"`,
);
add("rails master key", HX(32), (s) => `RAILS_MASTER_KEY=${s} bin/rails credentials:show`);
add(
  "django secret key",
  R(LO + DI + "@#^&*(-_=+)", 50),
  (s) =>
    `# SECURITY WARNING: keep the secret key used in production secret!\nSECRET_KEY = 'django-insecure-${s}'`,
);
add(
  "laravel app key",
  B6(43) + "=",
  (s) => `APP_NAME=Laravel\nAPP_KEY=base64:${s}\nAPP_DEBUG=true`,
);

// languages
add(
  "rust const",
  AN(34),
  (s) =>
    `const SIGNING_SECRET: &str = "${s}";\nfn main() { println!("{}", sign(SIGNING_SECRET)); }`,
);
add(
  "go struct",
  PA(),
  (s) => `cfg := smtp.Config{Host: "mail.example.org", Username: "noreply", Password: "${s}"}`,
);
add(
  "csharp network credential",
  PW(),
  (s) => `smtp.Credentials = new NetworkCredential("noreply@example.org", "${s}");`,
);
add("swift let", AN(32), (s) => `struct Keys {\n    static let clientSecret: String = "${s}"\n}`);
add(
  "kotlin buildconfig",
  AN(26),
  (s) => `buildConfigField("String", "PARTNER_API_KEY", "\\"${s}\\"")`,
);
add(
  "php define",
  PW(),
  (s) =>
    `define( 'DB_USER', 'wp' );\ndefine( 'DB_PASSWORD', '${s}' );\ndefine( 'DB_HOST', 'localhost' );`,
);
add(
  "powershell secure string",
  PW(),
  (s) =>
    `$sec = ConvertTo-SecureString '${s}' -AsPlainText -Force\n$cred = New-Object PSCredential('CORP\\ned', $sec)`,
);
add(
  "ruby hash rocket",
  PA(),
  (s) => `Net::SSH.start('10.1.1.9', 'root', :password => '${s}', :port => 2222)`,
);
add("pascal style assign", PA(), (s) => `ADOQuery.Password := '${s}';`);
add(
  "ts nullish default",
  AN(40),
  (s) => `export const jwtSecret = process.env.JWT_SECRET ?? "${s}";`,
);
add("python getenv default", PA(), (s) => `DB_PASS = os.getenv("DB_PASS", "${s}")`);
add("bash default expansion", PA(), (s) => `: "\${ADMIN_PASSWORD:=${s}}"\nexport ADMIN_PASSWORD`);
add(
  "bash heredoc",
  PW(),
  (s) => `cat <<EOT > /etc/smb.cred\nusername=scanner\npassword=${s}\ndomain=CORP\nEOT`,
);

// commands, SQL
add("mysql -p glued", PA(), (s) => `mysqldump -h db1 -u root -p${s} shop | gzip > shop.sql.gz`);
add(
  "sshpass",
  PW(),
  (s) => `sshpass -p '${s}' ssh -o StrictHostKeyChecking=no admin@192.0.2.14 uptime`,
);
add("PGPASSWORD inline", PA(), (s) => `PGPASSWORD=${s} pg_dump -h pg1 -U crm crm > crm.sql`);
add(
  "curl -u",
  PW().replace("*", "!"),
  (s) => `curl -sS -u jenkins:'${s}' https://ci.example.org/job/build/api/json`,
);
add(
  "httpie auth",
  PA(),
  (s) => `http -a ned:${s} GET https://nexus.example.org/service/rest/v1/status`,
);
add(
  "wget password",
  PA(),
  (s) => `wget --user=ned --password=${s} https://files.example.org/nightly.tar.zst`,
);
add(
  "openssl passin",
  PA(),
  (s) => `openssl pkcs12 -in cert.p12 -nodes -passin pass:${s} -out cert.pem`,
);
add(
  "gpg passphrase",
  `${syl(2)} ${syl(3)} ${syl(2)} ${D(2)}`,
  (s) => `gpg --batch --pinentry-mode loopback --passphrase "${s}" -d backup.gpg`,
);
add("redis auth", AN(18), (s) => `127.0.0.1:6379> AUTH default ${s}\nOK`);
add(
  "sql create user",
  PW(),
  (s) => `CREATE USER 'shop'@'%' IDENTIFIED BY '${s}';\nGRANT ALL ON shop.* TO 'shop'@'%';`,
);
add("sql alter role", PA(), (s) => `ALTER ROLE grafana WITH LOGIN PASSWORD '${s}';`);
add("net use", PW(), (s) => `net use Z: \\\\nas01\\share /user:CORP\\scanner ${s} /persistent:yes`);
add("chpasswd", PA(), (s) => `echo "ubuntu:${s}" | sudo chpasswd`);
add("args array", PW(), (s) => `"args": ["--user", "admin", "--password", "${s}", "--verbose"]`);

// HTTP, URLs, cookies, JWT
add(
  "basic header",
  b64e(`ned:${PA()}`),
  (s) => `GET /v2/_catalog HTTP/1.1\nHost: registry.example.org\nAuthorization: Basic ${s}`,
);
add(
  "session cookie",
  BU(44),
  (s) => `Cookie: theme=dark; _ga=GA1.2.${D(9)}.1719000000; sessionid=${s}; lang=de`,
);
add(
  "set-cookie",
  "s%3A" + AN(32) + "." + AN(43),
  (s) => `< HTTP/2 200\n< set-cookie: connect.sid=${s}; Path=/; HttpOnly; SameSite=Lax`,
);
add("jwt in storage", jwt(), (s) => `localStorage.setItem('access_token', '${s}')`);
add(
  "jwt bare in chat",
  jwt(),
  (s) => `why does the backend reject this one?\n\n${s}\n\nit should not be expired yet`,
);
add(
  "token in callback url",
  BU(48),
  (s) => `Redirected to http://localhost:8765/callback?state=xyz&access_token=${s}&expires_in=3600`,
);
add(
  "reset link",
  HX(40),
  (s) => `Mail preview: https://app.example.org/reset-password?uid=81&token=${s}`,
);
add("escaped json in json", AN(32), (s) =>
  JSON.stringify({
    type: "function",
    function: {
      name: "write_file",
      arguments: JSON.stringify({ path: ".env", content: `API_KEY="${s}"\nDEBUG=1\n` }),
    },
  }),
);
add("escaped json password", PA(), (s) =>
  JSON.stringify({
    tool: "http",
    input: JSON.stringify({
      method: "POST",
      body: JSON.stringify({ username: "admin", password: s }),
    }),
  }),
);
add(
  "diff removed line",
  AN(40),
  (s) =>
    `@@ -4,7 +4,7 @@ services:\n   region: eu\n-  apiToken: "${s}"\n+  apiToken: \${API_TOKEN}\n   timeout: 30`,
);
add(
  "diff added line",
  PA(),
  (s) =>
    `diff --git a/settings.py b/settings.py\n@@ -1,3 +1,4 @@\n DEBUG = False\n+EMAIL_HOST_PASSWORD = '${s}'\n EMAIL_PORT = 587`,
);
add("truncated github", J("gh", "p_", AN(19)), (s) => `Your token (cut by the terminal): ${s}…`);
add("truncated anthropic", J("sk", "-ant", "-api03-", BU(28)), (s) => `ANTHROPIC_API_KEY=${s}...`);

// prose
add(
  "prose en",
  PW(),
  (s) => `ok so the vpn asks for login, my password is ${s} and the user is ned`,
);
add(
  "prose en table",
  PA(),
  (s) => `| host | user | password |\n|------|------|----------|\n| nas01 | admin | ${s} |`,
);
add(
  "prose de",
  PW(),
  (s) => `Das Passwort für den Testserver lautet ${s}, bitte nicht weitergeben.`,
);
add("prose de kennwort", PA(), (s) => `Benutzer: verwaltung\nKennwort: ${s}`);
add("prose fr", PW(), (s) => `Identifiant : compta\nMot de passe : ${s}`);
add("prose es", PA(), (s) => `la contraseña del router es ${s}, por si quieres probar`);
add("pw short", PA(), (s) => `box 3 -> 10.0.0.33, login root, pw: ${s}`);
add("creds slash", PA(), (s) => `creds: admin / ${s}`);
add("user/pass", PA(), (s) => `staging is up again, user/pass: demo/${s}`);
add(
  "next line prose",
  PW(),
  (s) => `Here is the admin password:\n\n${s}\n\nPlease change it after the first login.`,
);
add("wifi prose de", PA(), (s) => `WLAN: Gaeste-OG2\nWLAN-Schlüssel: ${s}`);
add(
  "otpauth",
  R("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32),
  (s) => `otpauth://totp/Tavo:ned@example.org?secret=${s}&issuer=Tavo&digits=6&period=30`,
);
const BW =
  "ladder umbrella velvet sketch harvest tunnel pioneer cactus window meadow orbit salmon glove anchor fossil hockey lizard marble novel pepper quantum ribbon thunder walnut".split(
    " ",
  );
add(
  "seed phrase",
  Array.from({ length: 12 }, () => one(BW)).join(" "),
  (s) => `wallet recovery phrase: ${s}`,
);
add(
  "mnemonic env",
  Array.from({ length: 12 }, () => one(BW)).join(" "),
  (s) => `MNEMONIC="${s}"\nRPC_URL=https://rpc.example.org`,
);
add(
  "eth private key",
  "0x" + HX(64),
  (s) => `forge create src/Vault.sol:Vault --rpc-url $RPC --private-key ${s}`,
);

// key blocks
add(
  "rsa pem body",
  lines(12, 64, 40),
  (s) => `$ cat id_rsa\n${BEG("RSA " + PK)}\n${s}\n${END("RSA " + PK)}`,
);
{
  const last = B6(44) + "==";
  add(
    "openssh last line",
    last,
    (s) =>
      `${BEG("OPENSSH " + PK)}\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU${B6(39)}\n${lines(4, 70)}\n${s}\n${END("OPENSSH " + PK)}`,
  );
}
add(
  "service account escaped",
  lines(5, 64, 32).split("\n").join("\\n"),
  (s) =>
    `{"type":"service_account","project_id":"tavo-staging","private_key":"${BEG(PK)}\\n${s}\\n${END(PK)}\\n","client_id":"${D(21)}"}`,
);
add(
  "pgp private",
  lines(7, 64, 20),
  (s) => `${BEG("PGP " + PK + " BLOCK")}\n\n${s}\n=${B6(4)}\n${END("PGP " + PK + " BLOCK")}`,
);
add(
  "ec key indented yaml last line",
  B6(38) + "==",
  (s) =>
    `tls.key: |\n    ${BEG("EC " + PK)}\n    ${B6(64)}\n    ${B6(64)}\n    ${s}\n    ${END("EC " + PK)}`,
);
add(
  "putty private lines",
  lines(1, 64, 44),
  (s) =>
    `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: ned@laptop\nPublic-Lines: 2\nAAAAC3NzaC1lZDI1NTE5AAAAI${B6(39)}\n${B6(16)}\nPrivate-Lines: 2\n${s}\nPrivate-MAC: ${HX(64)}`,
);
add("pem cut without end", lines(3, 64, 29), (s) => `${BEG(PK)}\n${s}\n[output truncated]`);

// ================================================================ harmless
const h = [
  // digests, ids
  `commit ${HX(40)}\nAuthor: Ned Tavo <ned@example.org>\nDate:   Tue Oct 1 14:02:11 2024 +0200\n\n    Fix token refresh when the clock drifts`,
  `${HX(7)} Rename password field to passphrase in form\n${HX(7)} Drop unused secret from workflow\n${HX(7)} Merge branch 'feature/api-keys'`,
  `${HX(64)}  ledger-2.1.0-linux-amd64.tar.gz\n${HX(64)}  ledger-2.1.0-darwin-arm64.tar.gz`,
  `"integrity": "sha512-${B6(86)}=="`,
  `FROM node:20-alpine@sha256:${HX(64)}`,
  `index ${HX(7)}..${HX(7)} 100644\n--- a/src/token.ts\n+++ b/src/token.ts`,
  `request_id=${uuid()} trace_id=${HX(32)} span_id=${HX(16)} status=200`,
  `{"_id":{"$oid":"${HX(24)}"},"name":"Linz","createdAt":{"$date":"2024-03-01T08:00:00Z"}}`,
  `Order 01J${R("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 23)} was shipped.`,
  `https://www.youtube.com/watch?v=${BU(11)}`,
  `https://docs.google.com/document/d/1${BU(43)}/edit`,
  `https://excalidraw.example.org/board/${BU(21)}`,
  `{"customer":"cus_${AN(14)}","payment_intent":"pi_${AN(24)}","price":"price_${AN(24)}"}`,
  `const stripePromise = loadStripe("${J("pk", "_live_", "51", AN(97))}");`,
  `arn:aws:iam::${D(12)}:role/deploy-tokens-reader`,
  `arn:aws:secretsmanager:eu-central-1:${D(12)}:secret:prod/db-password-${AN(6)}`,
  `Account: "${D(12)}", UserId: "AROA${UD(17)}:ned"`,
  `ETag: W/"${HX(32)}"\nCache-Control: max-age=3600\nX-Request-Id: ${uuid()}`,
  `GTM-${UD(7)} and G-${UD(10)} are loaded twice on the page`,
  `chatcmpl-${AN(29)} finished with stop, model gpt-4o-mini-2024-07-18`,
  `{"type":"tool_use","id":"toolu_01${AN(22)}","name":"Bash","input":{"command":"ls -la"}}`,
  `"message":{"id":"msg_01${AN(22)}","role":"assistant","usage":{"input_tokens":4,"cache_read_input_tokens":18231,"output_tokens":212}}`,
  `req_011${AN(21)}: overloaded_error, retrying in 4s`,
  // public keys
  `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${B6(43)} ned@laptop`,
  `${BEG("PUBLIC KEY")}\n${lines(5, 64, 24)}\n${END("PUBLIC KEY")}`,
  `${BEG("CERTIFICATE")}\n${lines(14, 64, 36)}\n${END("CERTIFICATE")}`,
  `SHA256:${B6(43)} ned@laptop (ED25519)`,
  `age1${R("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58)}`,
  `[Peer]\nPublicKey = ${B6(43)}=\nAllowedIPs = 10.66.0.0/24`,
  `NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY=${J("pk", "_test_", AN(99))}`,
  `github.com ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ${B6(120)}`,
  // packages, lock files
  `├── jsonwebtoken@9.0.2\n├── passport-local@1.0.0\n├── @octokit/auth-token@5.1.1\n└── secretlint@8.2.4`,
  `/@babel/helper-module-transforms@7.25.2(@babel/core@7.25.2):\n  resolution: {integrity: sha512-${B6(86)}==}\n  engines: {node: '>=6.9.0'}`,
  `[[package]]\nname = "password-hash"\nversion = "0.5.0"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "${HX(64)}"`,
  `golang.org/x/crypto v0.27.0 h1:${B6(43)}=\ngolang.org/x/crypto v0.27.0/go.mod h1:${B6(43)}=`,
  `requests==2.32.3 \\\n    --hash=sha256:${HX(64)} \\\n    --hash=sha256:${HX(64)}`,
  `Successfully installed keyring-25.4.1 tokenizers-0.20.0 secretstorage-3.3.3 passlib-1.7.4`,
  `"flake-lock": {"narHash": "sha256-${B6(43)}=", "rev": "${HX(40)}"}`,
  // type annotations, code
  `interface Login {\n  username: string;\n  password: string;\n  token?: string | null;\n}`,
  `def login(user: str, password: str, api_key: Optional[str] = None) -> Token:`,
  `pub struct Config {\n    pub api_key: Option<String>,\n    pub secret: SecretString,\n    pub password: Box<dyn Prompt>,\n}`,
  `type Credentials struct {\n\tPassword string \`json:"password"\`\n\tToken    []byte \`json:"token,omitempty"\`\n}`,
  `public string Password { get; set; } = string.Empty;`,
  `data class Session(val token: String, val refreshToken: String?)`,
  `password: z.string().min(8).max(128),\nconfirmPassword: z.string(),`,
  `const password = process.env.DB_PASSWORD;`,
  `api_key = os.environ["OPENAI_API_KEY"]`,
  `token: \${{ secrets.GITHUB_TOKEN }}`,
  `DATABASE_URL=postgres://\${DB_USER}:\${DB_PASSWORD}@\${DB_HOST}:5432/app`,
  `password = var.db_password`,
  `secret_key_base: <%= ENV["SECRET_KEY_BASE"] %>`,
  `apiKey: {{ .Values.auth.apiKey | quote }}`,
  `valueFrom:\n  secretKeyRef:\n    name: pg-credentials\n    key: password`,
  `const token = await getAccessToken({ scope: "openid" });`,
  `password = getpass.getpass("Password: ")`,
  `$token = $request->bearerToken();`,
  `let secret = generateSecret(32)\nlet key = keychain.get("sessionKey")`,
  `this.apiKey = apiKey;\nthis.secret = options.secret;\nself.password = password`,
  `if (password !== confirmPassword) throw new Error("Passwords do not match");`,
  `const hash = await bcrypt.hash(password, saltRounds);`,
  `token = tokenizer.next_token()\nwhile token != EOF:\n    token = advance()`,
  `headers: { Authorization: \`Bearer \${token}\` }`,
  `curl -H "Authorization: Bearer $GITHUB_TOKEN" https://api.github.com/user`,
  `mysql -u root -p"$MYSQL_ROOT_PASSWORD" -e 'show databases'`,
  `docker login -u "$DOCKER_USER" --password-stdin < ~/.docker/pw.txt`,
  `@Value("\${app.jwt.secret}")\nprivate String jwtSecret;`,
  `var password = Environment.GetEnvironmentVariable("SMTP_PASSWORD") ?? throw new InvalidOperationException();`,
  `Math.max(password.length, token.length) > Math.min(64, key.size)`,
  `for key, value in sorted(secrets.items()):\n    print(key, len(value))`,
  `map[string]string{"key": "value", "monkey": "banana", "keyboard": "qwertz"}`,
  `static final int TOKEN_LEFT_PAREN = 1, TOKEN_RIGHT_PAREN = 2, TOKEN_IDENTIFIER = 3;`,
  `!function(e,t){"object"==typeof exports&&"undefined"!=typeof module?t(exports):t((e=e||self).key={})}(this,function(e){"use strict";var n=Object.keys,r=function(e,t){return e.token===t.token&&e.key<t.key};e.pass=r});`,
  `shouldRedirectToLoginPageWhenAuthenticationTokenHasExpiredAndRefreshFails`,
  `com.example.security.authentication.PasswordEncoderFactoryBeanDefinitionRegistrar`,
  `_ZN4core3fmt9Formatter12pad_integral17h${HX(16)}E`,
  // placeholders
  `API_KEY=your-api-key-here\nSECRET=changeme\nTOKEN=<your token>`,
  `export OPENAI_API_KEY="sk-..."`,
  `password: "********"`,
  `aws_secret_access_key = YOUR_SECRET_ACCESS_KEY`,
  `Authorization: Bearer <ACCESS_TOKEN>`,
  `postgres://user:password@localhost:5432/dbname`,
  `token = "xxxxxxxxxxxxxxxxxxxx"`,
  `DB_PASSWORD=\nDB_TOKEN=null\nUSE_SECRET=false`,
  `"api_key": "[REDACTED]"`,
  `GITHUB_TOKEN: ***`,
  `ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx is what a classic token looks like`,
  // prose
  `A password should be long rather than complicated; a passphrase of five words is fine.`,
  `The token is sent as a header, and the secret never leaves the server.`,
  `My password is not accepted any more, could you reset it?`,
  `Your password is too short. Choose at least twelve characters.`,
  `Das Passwort ist falsch oder abgelaufen. Bitte erneut eingeben.`,
  `Le mot de passe est obligatoire et doit contenir au moins huit lettres.`,
  `La contraseña es demasiado corta, inténtalo de nuevo.`,
  `The key is to keep functions small. The secret: patience and good tests.`,
  `Key takeaways: tokens are cheap, passwords are forever, secrets leak.`,
  `Set the API key: open Settings, choose Integrations, then press Create.`,
  `Wie lautet das Kennwort? Das weiß nur die Sekretärin im dritten Stock.`,
  `Password: required, at least 12 characters\nUsername: optional`,
  `Tip: store credentials in the keychain: never in the repository.`,
  // error messages, tests
  `Error: Invalid token: unexpected end of input at line 4, column 17`,
  `SyntaxError: Unexpected token '<', "<!DOCTYPE "... is not valid JSON`,
  `FATAL:  password authentication failed for user "ledger"`,
  `remote: Support for password authentication was removed on August 13, 2021.`,
  `Permission denied (publickey,password).`,
  `KeyError: 'password'`,
  `error[E0425]: cannot find value \`secret_key\` in this scope`,
  `npm ERR! code E401\nnpm ERR! Incorrect or missing password.`,
  `it("rejects an expired token", async () => { expect(res.status).toBe(401) })`,
  `✓ login > shows "Wrong password" after three attempts (41 ms)`,
  `--- PASS: TestPasswordResetTokenIsSingleUse (0.03s)`,
  `PASS src/auth/__tests__/secret.test.ts\nTests: 12 passed, 12 total`,
  `warning: unused variable: \`api_token\``,
  // paths
  `/home/ned/projects/shop/src/auth/password/resetPasswordForm.component.tsx`,
  `~/.ssh/id_ed25519 and ~/.aws/credentials must be readable only by you`,
  `/run/secrets/db_password`,
  `POSTGRES_PASSWORD_FILE=/run/secrets/postgres-password`,
  `ssl_certificate_key /etc/letsencrypt/live/example.org/privkey.pem;`,
  `node_modules/.pnpm/token-types@6.0.0/node_modules/token-types/lib/index.js`,
  // HTML, CSS
  `<input type="password" name="password" autocomplete="current-password" placeholder="Password">`,
  `<label for="api-token">API token</label><input id="api-token" class="form-control">`,
  `.password-field:focus { color: #${HX(6)}; border: 1px solid #${HX(3)}; }`,
  `<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA${B6(140)}==" alt="key icon">`,
  `<svg viewBox="0 0 24 24"><path d="M12.65 10A5.99 5.99 0 0 0 7 6c-3.31 0-6 2.69-6 6s2.69 6 6 6a5.99 5.99 0 0 0 5.65-4H17v4h4v-4h2v-4H12.65z"/></svg>`,
  `<script src="https://cdn.example.org/app.${HX(8)}.js" integrity="sha384-${B6(64)}" crossorigin="anonymous"></script>`,
  `<meta name="author" content="Secretary of the Compass Authority">`,
  // logs, config
  `[12:04:11] prompt_tokens=1834 completion_tokens=402 total_tokens=2236 cost=0.0121`,
  `max_tokens: 4096\ntemperature: 0.2\ntokenizer: cl100k_base\nstop_token: "<|endoftext|>"`,
  `{"max_tokens":8192,"token_budget":200000,"pad_token_id":50256,"eos_token":"</s>"}`,
  `keyboard: de-nodeadkeys\nmonkey_patch: true\npassenger_count: 4\nauthor: Ned Tavo`,
  `compass: north\nauthority: https://login.microsoftonline.com/common\nsecretary: true`,
  `password_min_length = 12\npassword_expiry_days = 90\ntoken_ttl = 3600s\nsecret_rotation = "monthly"`,
  `auth:\n  type: oauth2\n  token_url: https://auth.example.org/oauth/token\n  grant: client_credentials`,
  `sort_key: created_at\nprimary_key: order_id\npartition-key: customerRegion\ncache_key: v3-linux-node20`,
  `passwordAuthentication no\nPubkeyAuthentication yes\nUsePAM yes`,
  `hotkeys: { save: "ctrl+s", reveal: "ctrl+shift+e", palette: "ctrl+shift+p" }`,
  // SQL, i18n, regex
  `CREATE TABLE users (id bigint PRIMARY KEY, password varchar(255) NOT NULL, api_token char(64) UNIQUE);`,
  `SELECT password_hash, token FROM users WHERE email = $1 AND secret IS NOT NULL;`,
  `"login.password": "Passwort",\n"login.forgotPassword": "Passwort vergessen?",\n"login.token": "Einmalcode eingeben"`,
  `msgid "Password:"\nmsgstr "Mot de passe :"`,
  `const TOKEN_RE = /^(?:ghp|gho|ghs)_[A-Za-z0-9]{36}$/;`,
  `password_regex = r"^(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d@$!%*?&]{8,}$"`,
  // misc
  `00000000: ${HX(4)} ${HX(4)} ${HX(4)} ${HX(4)} ${HX(4)} ${HX(4)} ${HX(4)} ${HX(4)}  .ELF............\n00000010: 0300 3e00 0100 0000 ${HX(4)} 0000 0000 0000  ..>.............`,
  `Linz: 48.306940, 14.285830; Graz: 47.070714, 15.439504`,
  `Call +43 732 555 0143 or 1-800-555-0199 between 9:00 and 17:00`,
  `--primary: #${HX(6)}; --accent: #${HX(8)}; --shadow: rgba(12, 14, 20, .35);`,
  `Python 3.12.6, node v20.17.0, go1.23.1, rustc 1.81.0 (${HX(9)} 2024-09-04), OpenSSL 3.3.2`,
  `0x${HX(40)} deployed at block 20894411, tx 0x${HX(64)}`,
  `docker.io/library/postgres:16.4-alpine   ${HX(12)}   5 weeks ago   246MB`,
  `pod/api-${LD(9)}-${LD(5)}   1/1   Running   0   4d12h`,
  `https://github.com/tavo-labs/ledger/blob/${HX(40)}/src/auth/token.rs#L41-L58`,
  `//# sourceMappingURL=data:application/json;base64,${b64e('{"version":3,"sources":["a.ts"],"names":[],"mappings":"AAAA"}')}`,
  `inet6 fe80::${HX(4)}:${HX(4)}:fe${HX(2)}:${HX(4)}  ether 02:42:${HX(2)}:${HX(2)}:${HX(2)}:${HX(2)}`,
  `The IBAN example in the docs and the ISBN 978-3-16-148410-0 are printed on page 12.`,
  `gpg: key ${UD(0)}${R("0123456789ABCDEF", 16)}: public key "Ned Tavo <ned@example.org>" imported`,
];
h.forEach(keep);
