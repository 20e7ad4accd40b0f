/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as exports_anonymize from "../exports/anonymize.js";
import type * as exports_cases from "../exports/cases.js";
import type * as exports_common from "../exports/common.js";
import type * as exports_conversation from "../exports/conversation.js";
import type * as exports_csv from "../exports/csv.js";
import type * as exports_deepeval from "../exports/deepeval.js";
import type * as exports_index from "../exports/index.js";
import type * as exports_json from "../exports/json.js";
import type * as exports_jsonl from "../exports/jsonl.js";
import type * as exports_markdown from "../exports/markdown.js";
import type * as exports_openai from "../exports/openai.js";
import type * as exports_promptfoo from "../exports/promptfoo.js";
import type * as exports_text from "../exports/text.js";
import type * as exports_types from "../exports/types.js";
import type * as lib_anonymize from "../lib/anonymize.js";
import type * as lib_chunks from "../lib/chunks.js";
import type * as lib_context from "../lib/context.js";
import type * as lib_evidence from "../lib/evidence.js";
import type * as lib_fusion from "../lib/fusion.js";
import type * as lib_ledger from "../lib/ledger.js";
import type * as lib_markdown from "../lib/markdown.js";
import type * as lib_parts from "../lib/parts.js";
import type * as lib_providers from "../lib/providers.js";
import type * as lib_rank from "../lib/rank.js";
import type * as lib_snippet from "../lib/snippet.js";
import type * as lib_terms from "../lib/terms.js";
import type * as lib_time from "../lib/time.js";
import type * as lib_tokens from "../lib/tokens.js";
import type * as lib_units from "../lib/units.js";
import type * as lib_words from "../lib/words.js";
import type * as model_ledger from "../model/ledger.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  "exports/anonymize": typeof exports_anonymize;
  "exports/cases": typeof exports_cases;
  "exports/common": typeof exports_common;
  "exports/conversation": typeof exports_conversation;
  "exports/csv": typeof exports_csv;
  "exports/deepeval": typeof exports_deepeval;
  "exports/index": typeof exports_index;
  "exports/json": typeof exports_json;
  "exports/jsonl": typeof exports_jsonl;
  "exports/markdown": typeof exports_markdown;
  "exports/openai": typeof exports_openai;
  "exports/promptfoo": typeof exports_promptfoo;
  "exports/text": typeof exports_text;
  "exports/types": typeof exports_types;
  "lib/anonymize": typeof lib_anonymize;
  "lib/chunks": typeof lib_chunks;
  "lib/context": typeof lib_context;
  "lib/evidence": typeof lib_evidence;
  "lib/fusion": typeof lib_fusion;
  "lib/ledger": typeof lib_ledger;
  "lib/markdown": typeof lib_markdown;
  "lib/parts": typeof lib_parts;
  "lib/providers": typeof lib_providers;
  "lib/rank": typeof lib_rank;
  "lib/snippet": typeof lib_snippet;
  "lib/terms": typeof lib_terms;
  "lib/time": typeof lib_time;
  "lib/tokens": typeof lib_tokens;
  "lib/units": typeof lib_units;
  "lib/words": typeof lib_words;
  "model/ledger": typeof model_ledger;
}>;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {
  rateLimiter: import("@convex-dev/rate-limiter/_generated/component.js").ComponentApi<"rateLimiter">;
};
