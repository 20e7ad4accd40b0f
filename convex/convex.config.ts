import rateLimiter from "@convex-dev/rate-limiter/convex.config";
import { defineApp } from "convex/server";
import { v } from "convex/values";

/**
 * The deployment: its components and the environment variables it reads.
 *
 * Every variable is optional, so that a first `npx convex deploy` succeeds with none of them set
 * (a required one blocks the push). Code reads them as `env` from `_generated/server`.
 */
const app = defineApp({
  env: {
    /** Embeddings (semantic search). Without a key nothing is embedded; full-text search still works. */
    OPENAI_API_KEY: v.optional(v.string()),
    OPENAI_BASE_URL: v.optional(v.string()),
    OPENAI_EMBEDDING_MODEL: v.optional(v.string()),
    /** `mask` replaces secrets before anything is stored; otherwise they are only counted. */
    REDACT_SECRETS: v.optional(v.string()),
    /** WorkOS AuthKit sign-in. Without it, users and keys are created from the command line. */
    WORKOS_CLIENT_ID: v.optional(v.string()),
    WORKOS_API_KEY: v.optional(v.string()),
    WORKOS_WEBHOOK_SECRET: v.optional(v.string()),
    /** WorkOS's API under your own domain; default `https://api.workos.com`. */
    WORKOS_API_URL: v.optional(v.string()),
    /** Convex Auth's token signing (`npx @convex-dev/auth` writes them). */
    JWT_PRIVATE_KEY: v.optional(v.string()),
    JWKS: v.optional(v.string()),
    SITE_URL: v.optional(v.string()),
    /**
     * MiB that the deployment may write per second; default 4 (S16 and self-hosted). Syncs and embedding jobs
     * use at most a share of it. S256 has 8, D1024 32, D2048 64.
     */
    WRITE_MIB_PER_SECOND: v.optional(v.string()),
    /** Days an API log line is kept; default 7. */
    API_LOG_RETENTION_DAYS: v.optional(v.string()),
    /** Additional host names for `/mcp`, such as a proxy's, separated by commas. */
    MCP_ALLOWED_HOSTS: v.optional(v.string()),
    /** Requests per minute and user, by class of endpoint, or `off`; defaults in `model/accounts/rateLimits.ts`. */
    RATE_LIMIT_SYNC: v.optional(v.string()),
    RATE_LIMIT_READ: v.optional(v.string()),
    RATE_LIMIT_SEARCH: v.optional(v.string()),
    RATE_LIMIT_EXPORT: v.optional(v.string()),
    /** Sign-ins per minute of all people together; default 120. */
    RATE_LIMIT_SIGN_IN: v.optional(v.string()),
  },
});
app.use(rateLimiter);

export default app;
