/** The prefix of every API key; clients test for it. */
export const API_KEY_MARK = "osk_";

/** Characters of a key that are stored and shown: enough to tell keys apart, too few to guess one. */
const PREFIX_LENGTH = 12;

/** The part of a key that may be shown. */
export function apiKeyPrefix(key: string): string {
  return key.slice(0, PREFIX_LENGTH);
}
