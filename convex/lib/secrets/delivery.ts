import { parsePart, storedForm } from "../sessions/parts";
import type { WholePart } from "../sessions/partRows";
import type { MessageSecrets } from "./counts";
import { masking, SecretCounter, visitStrings, type Visit } from "./walk";

/** Examines what a plugin delivers, before it is hashed, cut and stored. Pure. */

/** As much of a message as is examined. */
type Delivered = {
  sessionExternalId: string;
  externalId: string;
  textContent?: string;
  parts?: WholePart[];
};

/**
 * The message as it may be stored, masked if `masks`, and how many secrets were found in it. Ids stay
 * as they are, because they are how it is found again.
 */
export function examineMessage<Message extends Delivered>(
  message: Message,
  masks: boolean,
): { message: Message; secrets?: MessageSecrets } {
  const inParts = new SecretCounter();
  const inText = new SecretCounter(inParts);
  const { sessionExternalId, externalId, parts, textContent, ...fields } = message;
  const kept = parts?.map((part) => examinePart(part, visitor(inParts, masks)));
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

/** The session as it may be stored. */
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

/** The part with its strings visited; the same object where nothing was changed. */
function examinePart(part: WholePart, visit: Visit): WholePart {
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
