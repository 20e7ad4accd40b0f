import { MARKER_START } from "./finding";
import { type Telling, wordsOf } from "./names";

/**
 * The form of a value next to its name. `quoted`: between quotes. `setting`: `NAME=value` without
 * spaces, a command option or an XML element, where a bare word is the value itself. `line`: `name:
 * value` alone on its line. `code`: anything else, where a bare word may be a variable or a type.
 */
export type Form = "quoted" | "setting" | "line" | "code";

/**
 * Whether the value next to a revealing name is a secret, and not a type, a variable or a
 * placeholder.
 */
export function isSecretValue(value: string, telling: Telling, form: Form, next = ""): boolean {
  if (value.length < (telling === "password" ? 3 : 6)) return false;
  if (isPlaceholder(value) || ORDINARY.has(value.toLowerCase())) return false;
  if (form !== "quoted" && isCode(value, form, next)) return false;
  if (/^(?:https?|file|wss?):\/\//i.test(value) || isPath(value)) return false;
  if (/\s/.test(value)) return form === "quoted" && telling !== "key" && isPhrase(value);
  if (telling === "password") return isPassword(value, form);
  return isKeyLike(value, telling, form);
}

/** Words that appear next to revealing names without being secret. */
const ORDINARY = new Set(
  (
    "string number boolean bool str int integer float double bytes byte text varchar char any unknown null nil " +
    "none undefined true false void never object array list map required optional invalid missing incorrect " +
    "hidden visible yes no on off empty default auto automatic value type types password passwd pwd pass secret secrets " +
    "token tokens key keys apikey api_key api-key credential credentials env environment process self this " +
    "function async await new return const let var import from export class enum error errors expired " +
    "wrong valid set unset changed unchanged bearer basic oauth oauth2 jwt prompt field input label placeholder " +
    "example enabled disabled encrypted redacted masked removed omitted blank inherit include same-origin omit " +
    "secretstr securestring sensitivestring optional[str] uuid regexp.escape mandatory deprecated public private " +
    "passwort kennwort contraseña clave senha wachtwoord " +
    "confirm reset forgot update create delete login signin email username admin_password readonly write read"
  ).split(" "),
);

const PLACEHOLDER = new RegExp(
  [
    "\\$\\{|\\{\\{|<%|%\\(|\\$\\(",
    "^\\$[A-Za-z_]\\w*$|^%[A-Za-z_]\\w*%$|^%[sdv]$|^:[a-z_]\\w*$|^#\\{|^@\\w+@$",
    "^<.*>?$|^\\[.*\\]$|^\\{.*\\}$",
    "^(?:your|my|the|insert|enter|replace|put|add|use)[-_ ]?[a-z0-9]*(?:[-_ ][a-z0-9]+){0,6}[-_ ]?(?:here|key|token|secret|password|pass|pwd|value|id)s?$",
    "^(?:your|insert|replace)[-_ ]",
    "(?:^|[-_ ])(?:placeholder|redacted|dummy|example|sample|todo|tbd|fixme|fake)(?:$|[-_ ])",
    "^change[-_ ]?(?:me|it|this)(?:[-_ ](?:now|please|in[-_ ]production))?$",
  ].join("|"),
  "i",
);

/** Whether the value is a placeholder: `${TOKEN}`, `<token>`, `your-key-here`, `xxxx`. */
export function isPlaceholder(value: string): boolean {
  if (value.startsWith(MARKER_START) || value.startsWith("[secret-")) return true;
  if (/^(.)\1*$/.test(value)) return true;
  if (/^[xX*•.?#_-]+$/.test(value)) return true;
  if (OMISSION.test(value)) return value.replace(OMITTED, "").length < SHOWN_MIN;
  return value.length <= 100 ? PLACEHOLDER.test(value) : /^[<$]\{/.test(value);
}

/** What stands for characters that were left out. */
const OMISSION = /…|\.\.\.|\*\*\*/;
const OMITTED = /[….*•]+/g;
/** Fewer characters tell which key is meant (`sk-…x9f2`); more are a part of the secret. */
const SHOWN_MIN = 9;

const DOCUMENTED = new Set(
  "password pass passwd pwd pw secret token key apikey api_key user".split(" "),
);

/** Placeholders for passwords in documentation. */
export const isOpenLogin = (password: string): boolean =>
  isPlaceholder(password) ||
  DOCUMENTED.has(password.toLowerCase()) ||
  /^\$|^%[A-Z_]+%$/.test(password);

/**
 * Whether an unquoted value is an expression: a member, a call, a type, or a variable named like a
 * secret.
 */
function isCode(value: string, form: Form, next: string): boolean {
  if (next === "(" || next === "[" || next === "{")
    return form !== "setting" || /^[A-Za-z_][\w.$]*$/.test(value);
  if (
    /^(?:process|import|os|env|config|settings|self|this|req|request|res|ctx|context|props|state|options|opts|args|params|secrets|vars|local|data|user|input|body|headers|event|window|document|var|module|steps|inputs|github|app|cfg|conf)(?:[.?!]|\[|->|::)/.test(
      value,
    )
  ) {
    return true;
  }
  if (/^[!&*@]?[A-Za-z_$][\w$]*(?:(?:\?\.|\.|::|->)[A-Za-z_$][\w$]*)+[!?]?$/.test(value))
    return !hasStrangeSegment(value);
  if (form === "setting") {
    return isVariable(value) && !hasStrangeSegment(value) && (next === ")" || next === ",");
  }
  if (isVariable(value) && namesASecret(value)) return true;
  // A bare word in code is a variable or a type.
  return form === "code" && /^[A-Za-z_$][A-Za-z_$]*[!?]?$/.test(value);
}

/** Whether a segment mixes letters and digits like no identifier. */
const hasStrangeSegment = (value: string) =>
  value
    .split(/[^A-Za-z0-9]+/, SEGMENTS_JUDGED)
    .some((segment) => segment.length >= 6 && /\d/.test(segment) && !isWord(segment));

const isVariable = (value: string) => /^[A-Za-z_$][\w$]*$/.test(value);

/** Whether the value is itself the name of a secret: `newPassword`, `api_key`. */
function namesASecret(value: string): boolean {
  return (
    /(?:password|passwd|secret|token|apikey)$/i.test(value) ||
    wordsOf(value).some((word) => SECRET_WORDS.has(word))
  );
}

const SECRET_WORDS = new Set(
  "pass passphrase pwd secret secrets token tokens key keys apikey cred creds credential credentials auth password".split(
    " ",
  ),
);

/** Whether the value is a file path, and not a key that starts with a slash. */
function isPath(value: string): boolean {
  if (/^(?:\.{0,2}\/|~\/|[A-Za-z]:[\\/])/.test(value)) {
    return (
      value.split(/[\\/]/).every((part) => part.length < 30) &&
      /^[~./\\]*(?:[a-z_-][a-z_.-]*)?(?:[\\/]|$)/i.test(value)
    );
  }
  return /\.(?:pem|key|crt|cer|json|ya?ml|txt|env|ts|js|py|go|rs|toml|ini|cfg|conf|html?|pub|p12|pfx)$/i.test(
    value,
  );
}

/** Words that sentences contain and passphrases mostly do not. */
const SENTENCE =
  /(?<![\p{L}\p{N}])(?:must|your|enter|is|are|was|the|invalid|please|required|not|for|at|should|cannot|can|could|failed|missing|forgot|reset|confirm|new|old|current|match|least|will|be|has|have|with|from|password|passwords|passphrase|token|secret|key|passwort|kennwort|contrase[nñ]a|mot de passe|senha|wachtwoord|hasło|пароль)(?![\p{L}\p{N}])|\?$/iu;

function isPhrase(value: string): boolean {
  return (
    value.length <= 200 &&
    !SENTENCE.test(value) &&
    /[A-Za-z0-9]{2}/.test(value) &&
    !/[(){}=;]|: /.test(value)
  );
}

function isPassword(value: string, form: Form): boolean {
  if (/^[A-Za-z]+$/.test(value) && namesASecret(value)) return false;
  if (form === "code" && /^\d+(?:\.\d+)?$/.test(value)) return value.length >= 4;
  if (
    form === "quoted" &&
    /^[#.][\w-]+$|^[a-z]+(?:[._-][a-z]+)*[._-](?:password|pwd|passwd|pass)(?:[._-][a-z]+)*$|^[a-z]+\.[a-z.]+$/i.test(
      value,
    )
  )
    return false;
  if (form === "line" && /^[A-Z][a-z]+$/.test(value)) return false;
  return true;
}

/** A value that starts with this many words is not a key; examining all of a long one would be slow. */
const SEGMENTS_JUDGED = 8;

/**
 * Whether a value looks like a key: letters and digits that are not words, or a long sequence of
 * other letters.
 */
function isKeyLike(value: string, telling: Telling, form: Form): boolean {
  if (/^[\d.,:+\-/TZ]+$/.test(value))
    return telling === "secret" && /^\d{6,}$/.test(value) && form === "setting";
  if (/[(){}[\]]/.test(value) || !/^[\x21-\x7e]+$/.test(value)) {
    return form !== "code" && /\d/.test(value) && value.length >= 20 && !/^[\w.]+[([]/.test(value);
  }
  const segments = value
    .split(/[^A-Za-z0-9]+/, SEGMENTS_JUDGED)
    .filter((segment) => segment !== "");
  if (segments.every(isWord)) {
    return form === "setting" && segments.length === 1 && value.length >= 8 && !namesASecret(value);
  }
  const strange = segments.filter((segment) => !isWord(segment));
  const length = strange.reduce((sum, segment) => sum + segment.length, 0);
  const hasDigit = strange.some((segment) => /\d/.test(segment));
  return length >= (hasDigit ? (telling === "secret" || form !== "code" ? 5 : 8) : 12);
}

/** Names of algorithms and parts that end with a number. */
const NUMBERED =
  /^(?:sha|md|base|utf|oauth|v|gpt|es|hs|rs|ps|aes|h|mp|tls|ipv|web|log|part|step|item|test|user|node|python|phase|level|page|line|index|ed|p|x|id|chapter|claude|o|llama|foo|bar|option|group|tab)\d{1,8}$/i;

/**
 * Whether letters or digits read as a word of a name: `user`, `2024`, `sha256`,
 * `handleAuthCallback`.
 */
function isWord(segment: string): boolean {
  if (/^\d{1,8}$/.test(segment) || NUMBERED.test(segment)) return true;
  if (/^\d{1,2}[a-z]{1,2}$/i.test(segment)) return true;
  if (!/^[A-Za-z]+$/.test(segment)) return false;
  const words = segment.split(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/);
  const isLegible = (word: string) =>
    word.length <= 20 &&
    (word.length <= 3 ? word.length > 1 : /[aeiouy]/i.test(word)) &&
    !/[bcdfghjklmnpqrstvwxz]{6}/i.test(word);
  return words.length * 3 <= segment.length && words.every(isLegible);
}
