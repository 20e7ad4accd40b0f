import { randomHex } from "../hash";

/**
 * Creates an id for an export, carried in its cursors. Pseudonyms of an anonymised export are equal
 * in all answers with the same id. It is not secret, because the key of pseudonyms also depends on
 * one that stays in the database.
 */
export const newExportId = (): string => randomHex(16);
