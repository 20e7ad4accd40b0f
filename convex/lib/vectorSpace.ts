import { sha256 } from "./hash";

/** What the vector indexes hold. Another number is a change of the schema and of every vector stored. */
export const EMBEDDING_DIMENSIONS = 1536;

/** Which model makes the vectors; vectors of two models are not comparable. */
export type VectorSpace = { model: string; dimensions: number };

/** SHA-256 over all that determines a vector: model, dimensions, text. */
export async function textHashOf(space: VectorSpace, text: string): Promise<string> {
  return await sha256(JSON.stringify([space.model, space.dimensions, text]));
}
