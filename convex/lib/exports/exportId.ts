import { randomHex } from "../hash";

/**
 * A new id for an export, carried in its cursors. Pseudonyms of an anonymised export are the same in
 * all answers with one id. It is no secret: the key of pseudonyms also depends on one that stays in
 * the database.
 */
export const newExportId = (): string => randomHex(16);
