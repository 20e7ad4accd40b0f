import { env } from "../../_generated/server";
import { maskSecrets } from "../../lib/secrets/mask";
import { masksBeforeStoring } from "../../lib/secrets/setting";

/** The value as it may be stored: with `REDACT_SECRETS=mask`, every string in it is masked. */
export function asStored<Value>(value: Value): Value {
  return masksBeforeStoring(env.REDACT_SECRETS) ? maskSecrets(value) : value;
}
