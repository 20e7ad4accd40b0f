import { parsePart, storedForm } from "../sessions/parts";
import type { WholePart } from "../sessions/partRows";
import type { MessageSecrets } from "./counts";
import { findSecrets } from "./scan";
import { masking, SecretCounter, visitStrings, type Visit } from "./walk";

/** Examines deliveries for secrets before they are hashed, split and stored. Pure. */

/** The fields of a message that are examined. */
type Delivered = {
  sessionExternalId: string;
  externalId: string;
  textContent?: string;
  parts?: WholePart[];
};

/**
 * The message to store, masked if `masks`, and the number of secrets found in it. Ids stay as they
 * are, because messages are looked up by them.
 */
export function examineMessage<Message extends Delivered>(
  message: Message,
  masks: boolean,
): { message: Message; secrets?: MessageSecrets } {
  const inParts = new SecretCounter();
  const inText = new SecretCounter(inParts);
  const { sessionExternalId, externalId, parts, textContent, ...fields } = message;
  const kept = parts?.map((part) => examinePart(part, visitor(inParts, masks), masks));
  const text = visitStrings(textContent, visitor(inText, masks));
  const secrets = foundIn(inText, inParts);
  if (!masks) return { message, ...(secrets ? { secrets } : {}) };
  const masked = {
    ...message,
    ...(visitStrings(fields, masking) as typeof fields),
    ...(kept === undefined ? {} : { parts: kept }),
    ...(textContent === undefined ? {} : { textContent: text as string }),
  };
  return { message: masked, ...(secrets ? { secrets } : {}) };
}

/** The secrets of a message that was stored without looking for any. */
export function secretsOf(text: string, parts: readonly WholePart[]): MessageSecrets | undefined {
  return examineMessage({ ...NO_IDS, textContent: text, parts: [...parts] }, false).secrets;
}

const NO_IDS = { sessionExternalId: "", externalId: "" };

/** The session to store. */
export function examineSession<Session extends { externalId: string }>(
  session: Session,
  masks: boolean,
): Session {
  if (!masks) return session;
  return { ...(visitStrings(session, masking) as Session), externalId: session.externalId };
}

function visitor(counter: SecretCounter, masks: boolean): Visit {
  if (!masks) return counter.visit;
  return (text, findings) => masking(counter.visit(text, findings), findings);
}

/** Characters of JSON from which a parsed copy would not fit in memory. */
const LONG_CHARS = 1_000_000;

/** The part with all its strings visited; the same object if nothing changed. */
function examinePart(part: WholePart, visit: Visit, masks: boolean): WholePart {
  if (!masks && part.content.length > LONG_CHARS) {
    // Only counted: the rules know names and values in JSON text too.
    visit(part.content, findSecrets(part.content));
    return part;
  }
  let isChanged = false;
  const noting: Visit = (text, findings) => {
    const after = visit(text, findings);
    isChanged ||= after !== text;
    return after;
  };
  if (part.format === "text") {
    const content = visitStrings(part.content, noting) as string;
    return isChanged ? { ...part, content } : part;
  }
  const { type, ...inner } = parsePart(part);
  const visited = visitStrings(inner, noting) as typeof inner;
  return isChanged ? storedForm({ ...visited, type }) : part;
}

function foundIn(inText: SecretCounter, inParts: SecretCounter): MessageSecrets | undefined {
  const [text, parts] = [inText.counts(), inParts.counts()];
  if (text.length === 0 && parts.length === 0) return undefined;
  return { ...(text.length > 0 ? { text } : {}), ...(parts.length > 0 ? { parts } : {}) };
}
