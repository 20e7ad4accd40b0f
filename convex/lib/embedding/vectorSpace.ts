import { sha256 } from "../hash";

/** What the vector indexes hold. Another number is a change of the schema and of every vector stored. */
export const EMBEDDING_DIMENSIONS = 1536;

/**
 * Cosine from which on two texts may have something in common. Between random directions of that many
 * dimensions it is 0 ± 1/√1536 (0.026), and the nearest of ten thousand of them comes to four times
 * that. What a hashed word or n-gram shares by collision lies there too, and so do unrelated texts in
 * models that spread them out; a model whose cosines are all higher (0.6 and more) is ranked alone.
 */
export const RELATED_MIN_COSINE = 0.1;

/** What full text and meaning leave out: what scores less than this. */
export const SEARCH_FLOORS = [0, RELATED_MIN_COSINE] as const;

/** Which model makes the vectors; vectors of two models are not comparable. */
export type VectorSpace = { model: string; dimensions: number };

/** SHA-256 over all that determines a vector: model, dimensions, text. */
export async function textHashOf(space: VectorSpace, text: string): Promise<string> {
  return await sha256(JSON.stringify([space.model, space.dimensions, text]));
}
