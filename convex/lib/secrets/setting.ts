/**
 * Whether secrets are masked before anything is stored, by the value of `REDACT_SECRETS`. `mask` turns
 * it on. So does a value that is neither that nor off, because a typing error must not store secrets.
 */
export function masksBeforeStoring(setting: string | undefined): boolean {
  return !/^(?:|off|no|none|false|0)$/i.test(setting?.trim() ?? "");
}
