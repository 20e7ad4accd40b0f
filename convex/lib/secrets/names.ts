/**
 * Decides which names reveal a secret next to them. A `password` may have any value; the value of a
 * `secret` or `key` must look like one, because many settings are called key or token.
 */
export type Telling = "password" | "secret" | "key";

/** The words of a name, without accents: `dbPass`, `DB_PASS` and `db-pass` have the same two. */
export function wordsOf(name: string): string[] {
  return name
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ")
    .replace(/(?<=[A-Z]{2})(?=[A-Z][a-z])/g, " ")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

/** Suffixes that do not change the meaning of a name: `API_KEY_PROD`, `password2`. */
const NEUTRAL =
  /^(?:prod|production|dev|development|staging|stage|live|sandbox|old|new|current|confirm|confirmation|again|value|val|plain|plaintext|raw|primary|secondary|default|b64|base64|v?\d{1,3})$/;

const PASSWORD =
  /(?:pass(?:w(?:or)?d|wrd|phrase|code|wort)|pwd|kennwort|contrasena|motdepasse|wachtwoord|parolachiave)\d?$/;
/** Short or ambiguous names that mean a password as a whole word. */
const PASSWORD_WORDS = /^(?:pw|psk|senha|haslo|mdp)$/;
/** `pass` alone is also a verb; as the last of several words it means a password. */
const PASS =
  /(?:db|user|smtp|mail|admin|root|store|key|ftp|sql|my|pg|redis|mongo|ssh|vpn|login|require)pass$/;

const KEYS =
  /(?:api|access|secret|private|priv|auth|encryption|encrypt|crypto|signing|sign|signature|master|account|shared|sharedaccess|service|servicerole|deploy|webhook|app|application|consumer|session|jwt|hmac|subscription|functions?|license|storage|admin|anon|token|cookie|aes|ssh|wireguard|preshared|psk|server|client|account|integration|publishing|write|ingest|license)keys?$|(?:wlan|wifi|wpa|api|zugangs|sicherheits|netzwerk|lizenz)schlussel$/;
/** Keys that are not secret, or that name something else. */
const OPEN_KEYS =
  /(?:public|publishable|primary|foreign|cache|sort|partition|object|idempotency|hostkey|sessionkeys)/;

/** Words before `key` that give it another meaning: of a cell, a row, a place. */
export const isOpenKey = (word: string): boolean =>
  OPEN_KEYS.test(word.toLowerCase()) ||
  /^(?:ssh|host|s3|row|sort|index|unique|composite|map|dict|json|yaml|session|record|item|entity|query|react|list|group|shard|routing|message|translation|i18n|config|registry|lookup|dedupe|hash|the|a|an|this|that|its|your|my|our|new|old|each|every|same|which|next|first|last|arrow|enter|return|escape|any|storage|bucket|blob)$/i.test(
    word,
  );

const TOKEN = /token$/;
/** Words before `token` that give it another meaning: a place in a text or a list. */
const OTHER_TOKENS =
  /^(?:next|page|continuation|continue|cancel|cancellation|pad|eos|bos|unk|mask|sep|cls|stop|start|end|sync|design|injection|max|min|per|image|prompt|completion|input|output|total|first|last|special|sub|lex|syntax|punctuation|string|number|identifier|comma|open|close|peek|prev|previous|resume|marker|css|color|theme|pagination|delimiter|separator|snapshot|fence|fencing)$/;

const FULL_NAMES: ReadonlyMap<string, Telling> = new Map([
  ["phpsessid", "secret"],
  ["jsessionid", "secret"],
  ["aspsessionid", "secret"],
  ["connect sid", "secret"],
  ["secret", "secret"],
  ["secret key base", "secret"],
  ["salt", "key"],
]);

/** A longer slice of a text would keep all of the text in memory: V8 copies only short ones. */
const KNOWN_NAME_MAX_CHARS = 12;
const KNOWN_NAMES_MAX = 1_000;
/** What short names reveal, because a few of them are nearly all that occur. */
const knownNames = new Map<string, Telling | undefined>();

/** What the name reveals about its value; undefined for an ordinary name. */
export function tellingOf(name: string): Telling | undefined {
  if (name.length > KNOWN_NAME_MAX_CHARS) return readTelling(name);
  const known = knownNames.get(name);
  if (known !== undefined || knownNames.has(name)) return known;
  const telling = readTelling(name);
  if (knownNames.size === KNOWN_NAMES_MAX) knownNames.clear();
  knownNames.set(name, telling);
  return telling;
}

function readTelling(name: string): Telling | undefined {
  const words = wordsOf(name);
  while (words.length > 1 && NEUTRAL.test(words[words.length - 1] ?? "")) words.pop();
  const last = words[words.length - 1] ?? "";
  const joined = words.join("");
  const full = FULL_NAMES.get(words.join(" "));
  if (full && full !== "key") return full;
  if (PASSWORD.test(joined) || PASS.test(joined) || PASSWORD_WORDS.test(last)) return "password";
  if (last === "pass") return words.length > 1 ? "password" : "secret";
  if (/secret$/.test(last)) return "secret";
  if (/^(?:credentials?|creds?|passkey|clave)$/.test(last)) return "key";
  if (KEYS.test(joined) && !OPEN_KEYS.test(joined)) return "key";
  if (TOKEN.test(last)) return OTHER_TOKENS.test(words[words.length - 2] ?? "") ? undefined : "key";
  if (joined === "auth" && name.includes("_auth")) return "key";
  return undefined;
}

/** Names of headers whose value is a scheme and a credential. */
export const isAuthorization = (name: string): boolean =>
  /^(?:http_)?(?:proxy[-_]?|x[-_](?:[a-z]{2,20}[-_])?)?authori[sz]ation$/i.test(name);

/** Names of headers and options that contain cookies. */
export const isCookie = (name: string): boolean => /^(?:http_)?(?:set-?)?cookies?2?$/i.test(name);

/** Names of signatures that make a URL valid. */
export const isUrlSignature = (name: string): boolean =>
  /^(?:sig|x-(?:amz|goog)-signature|x-amz-security-token)$/i.test(name);

/** Names of the words that restore a wallet. */
export const isSeedPhrase = (name: string): boolean =>
  /(?:mnemonic|(?:seed|recovery)[-_ ]?(?:phrase|words))$/i.test(name);
