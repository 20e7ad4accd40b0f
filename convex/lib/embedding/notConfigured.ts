/** Error message on a deployment without embeddings. */
export const NOT_CONFIGURED =
  "Semantic search needs embeddings: set OPENAI_API_KEY (npx convex env set OPENAI_API_KEY …), then run npx convex run embeddings:backfill";
