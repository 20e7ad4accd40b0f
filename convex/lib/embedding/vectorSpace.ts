import { sha256 } from "../hash";

/**
 * The size of the vector indexes. Changing it changes the schema and invalidates every stored
 * vector.
 */
export const EMBEDDING_DIMENSIONS = 1536;

/**
 * The cosine from which two texts may be related. Between random directions in 1,536 dimensions it
 * is 0 ± 1/√1536 (0.026), and the nearest of ten thousand of them reaches four times that.
 * Collisions of hashed words or n-grams lie in the same range, as do unrelated texts in models that
 * spread vectors widely. Models whose cosines are all high (0.6 and more) are unaffected.
 */
export const RELATED_MIN_COSINE = 0.1;

/** The scores below which full-text and vector results are left out. */
export const SEARCH_FLOORS = [0, RELATED_MIN_COSINE] as const;

/**
 * Hits requested from each vector index, the maximum it returns: a session has many vectors, and filters
 * apply afterwards. Hits are read (at most 4 kB each) only until enough sessions are found.
 */
export const HITS_MAX = 256;

/** The model that makes the vectors. Vectors of two models are not comparable. */
export type VectorSpace = { model: string; dimensions: number };

/** SHA-256 of everything that determines a vector: model, dimensions, text. */
export async function textHashOf(space: VectorSpace, text: string): Promise<string> {
  return await sha256(JSON.stringify([space.model, space.dimensions, text]));
}
