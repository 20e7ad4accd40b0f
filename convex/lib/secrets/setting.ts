/**
 * Whether secrets are masked before anything is stored, by the value of `REDACT_SECRETS`. `mask`
 * turns it on, and so does any value that does not mean off, because a typing error must not store
 * secrets.
 */
export function masksBeforeStoring(setting: string | undefined): boolean {
  return !/^(?:|off|no|none|false|0)$/i.test(setting?.trim() ?? "");
}
