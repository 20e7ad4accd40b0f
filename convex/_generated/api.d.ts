/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as analytics from "../analytics.js";
import type * as apiKeys from "../apiKeys.js";
import type * as apiLogs from "../apiLogs.js";
import type * as auth from "../auth.js";
import type * as clients_embeddings from "../clients/embeddings.js";
import type * as clients_workos from "../clients/workos.js";
import type * as context from "../context.js";
import type * as crons from "../crons.js";
import type * as deletion from "../deletion.js";
import type * as docs from "../docs.js";
import type * as embed from "../embed.js";
import type * as embeddings from "../embeddings.js";
import type * as errors from "../errors.js";
import type * as evals from "../evals.js";
import type * as exports_anonymize from "../exports/anonymize.js";
import type * as exports_cases from "../exports/cases.js";
import type * as exports_common from "../exports/common.js";
import type * as exports_conversation from "../exports/conversation.js";
import type * as exports_csv from "../exports/csv.js";
import type * as exports_deepeval from "../exports/deepeval.js";
import type * as exports_filesystem from "../exports/filesystem.js";
import type * as exports_html from "../exports/html.js";
import type * as exports_index from "../exports/index.js";
import type * as exports_json from "../exports/json.js";
import type * as exports_jsonl from "../exports/jsonl.js";
import type * as exports_markdown from "../exports/markdown.js";
import type * as exports_openai from "../exports/openai.js";
import type * as exports_promptfoo from "../exports/promptfoo.js";
import type * as exports_select from "../exports/select.js";
import type * as exports_shared from "../exports/shared.js";
import type * as exports_sharedPage from "../exports/sharedPage.js";
import type * as exports_sharedStyle from "../exports/sharedStyle.js";
import type * as exports_text from "../exports/text.js";
import type * as exports_types from "../exports/types.js";
import type * as exports_writer from "../exports/writer.js";
import type * as fields from "../fields.js";
import type * as functions from "../functions.js";
import type * as http from "../http.js";
import type * as http_authenticate from "../http/authenticate.js";
import type * as http_body from "../http/body.js";
import type * as http_context from "../http/context.js";
import type * as http_deliveries from "../http/deliveries.js";
import type * as http_docs from "../http/docs.js";
import type * as http_edit from "../http/edit.js";
import type * as http_endpoint from "../http/endpoint.js";
import type * as http_export from "../http/export.js";
import type * as http_health from "../http/health.js";
import type * as http_openapi from "../http/openapi.js";
import type * as http_respond from "../http/respond.js";
import type * as http_router from "../http/router.js";
import type * as http_search from "../http/search.js";
import type * as http_sessions from "../http/sessions.js";
import type * as http_share from "../http/share.js";
import type * as http_stats from "../http/stats.js";
import type * as http_sync from "../http/sync.js";
import type * as http_webhooks from "../http/webhooks.js";
import type * as http_wellKnown from "../http/wellKnown.js";
import type * as lib_anonymize from "../lib/anonymize.js";
import type * as lib_apiKey from "../lib/apiKey.js";
import type * as lib_chunked from "../lib/chunked.js";
import type * as lib_chunks from "../lib/chunks.js";
import type * as lib_context from "../lib/context.js";
import type * as lib_cursor from "../lib/cursor.js";
import type * as lib_drawn from "../lib/drawn.js";
import type * as lib_embedPlan from "../lib/embedPlan.js";
import type * as lib_enums from "../lib/enums.js";
import type * as lib_escape from "../lib/escape.js";
import type * as lib_evidence from "../lib/evidence.js";
import type * as lib_fold from "../lib/fold.js";
import type * as lib_fusion from "../lib/fusion.js";
import type * as lib_hash from "../lib/hash.js";
import type * as lib_json from "../lib/json.js";
import type * as lib_labels from "../lib/labels.js";
import type * as lib_ledger from "../lib/ledger.js";
import type * as lib_markdown from "../lib/markdown.js";
import type * as lib_messages from "../lib/messages.js";
import type * as lib_numbers from "../lib/numbers.js";
import type * as lib_orderKey from "../lib/orderKey.js";
import type * as lib_parts from "../lib/parts.js";
import type * as lib_pieces from "../lib/pieces.js";
import type * as lib_providers from "../lib/providers.js";
import type * as lib_rank from "../lib/rank.js";
import type * as lib_sections from "../lib/sections.js";
import type * as lib_snippet from "../lib/snippet.js";
import type * as lib_sourceTime from "../lib/sourceTime.js";
import type * as lib_stats from "../lib/stats.js";
import type * as lib_terms from "../lib/terms.js";
import type * as lib_text from "../lib/text.js";
import type * as lib_time from "../lib/time.js";
import type * as lib_tokens from "../lib/tokens.js";
import type * as lib_units from "../lib/units.js";
import type * as lib_vectorSpace from "../lib/vectorSpace.js";
import type * as lib_words from "../lib/words.js";
import type * as lib_workos from "../lib/workos.js";
import type * as lib_wrapped from "../lib/wrapped.js";
import type * as lib_wrappedSvg from "../lib/wrappedSvg.js";
import type * as model_accountDeletion from "../model/accountDeletion.js";
import type * as model_accountSweeps from "../model/accountSweeps.js";
import type * as model_analytics from "../model/analytics.js";
import type * as model_apiKeys from "../model/apiKeys.js";
import type * as model_apiLogs from "../model/apiLogs.js";
import type * as model_bounded from "../model/bounded.js";
import type * as model_browse from "../model/browse.js";
import type * as model_candidates from "../model/candidates.js";
import type * as model_context from "../model/context.js";
import type * as model_dashboard from "../model/dashboard.js";
import type * as model_deletion from "../model/deletion.js";
import type * as model_docs from "../model/docs.js";
import type * as model_embeddingSchedule from "../model/embeddingSchedule.js";
import type * as model_embeddings from "../model/embeddings.js";
import type * as model_evalLists from "../model/evalLists.js";
import type * as model_evalViews from "../model/evalViews.js";
import type * as model_evals from "../model/evals.js";
import type * as model_exportFiles from "../model/exportFiles.js";
import type * as model_exportSelection from "../model/exportSelection.js";
import type * as model_exports from "../model/exports.js";
import type * as model_ledger from "../model/ledger.js";
import type * as model_legs from "../model/legs.js";
import type * as model_limits from "../model/limits.js";
import type * as model_messages from "../model/messages.js";
import type * as model_parts from "../model/parts.js";
import type * as model_passages from "../model/passages.js";
import type * as model_platform from "../model/platform.js";
import type * as model_profile from "../model/profile.js";
import type * as model_refresh from "../model/refresh.js";
import type * as model_refreshSchedule from "../model/refreshSchedule.js";
import type * as model_reviews from "../model/reviews.js";
import type * as model_search from "../model/search.js";
import type * as model_sessionEdits from "../model/sessionEdits.js";
import type * as model_sessionLists from "../model/sessionLists.js";
import type * as model_sessionMerge from "../model/sessionMerge.js";
import type * as model_sessions from "../model/sessions.js";
import type * as model_sharing from "../model/sharing.js";
import type * as model_statsViews from "../model/statsViews.js";
import type * as model_stretches from "../model/stretches.js";
import type * as model_sync from "../model/sync.js";
import type * as model_syncShapes from "../model/syncShapes.js";
import type * as model_users from "../model/users.js";
import type * as model_workosUsers from "../model/workosUsers.js";
import type * as model_wrapped from "../model/wrapped.js";
import type * as search from "../search.js";
import type * as semantic from "../semantic.js";
import type * as sessions from "../sessions.js";
import type * as shared from "../shared.js";
import type * as sync from "../sync.js";
import type * as users from "../users.js";
import type * as wire_answers from "../wire/answers.js";
import type * as wire_context from "../wire/context.js";
import type * as wire_docs from "../wire/docs.js";
import type * as wire_evals from "../wire/evals.js";
import type * as wire_examples from "../wire/examples.js";
import type * as wire_export from "../wire/export.js";
import type * as wire_fields from "../wire/fields.js";
import type * as wire_health from "../wire/health.js";
import type * as wire_jsonSchema from "../wire/jsonSchema.js";
import type * as wire_openapi from "../wire/openapi.js";
import type * as wire_parts from "../wire/parts.js";
import type * as wire_roles from "../wire/roles.js";
import type * as wire_route from "../wire/route.js";
import type * as wire_search from "../wire/search.js";
import type * as wire_sessions from "../wire/sessions.js";
import type * as wire_share from "../wire/share.js";
import type * as wire_sources from "../wire/sources.js";
import type * as wire_stats from "../wire/stats.js";
import type * as wire_sync from "../wire/sync.js";
import type * as wire_webhooks from "../wire/webhooks.js";
import type * as wire_wellKnown from "../wire/wellKnown.js";
import type * as workos from "../workos.js";
import type * as wrapped from "../wrapped.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  analytics: typeof analytics;
  apiKeys: typeof apiKeys;
  apiLogs: typeof apiLogs;
  auth: typeof auth;
  "clients/embeddings": typeof clients_embeddings;
  "clients/workos": typeof clients_workos;
  context: typeof context;
  crons: typeof crons;
  deletion: typeof deletion;
  docs: typeof docs;
  embed: typeof embed;
  embeddings: typeof embeddings;
  errors: typeof errors;
  evals: typeof evals;
  "exports/anonymize": typeof exports_anonymize;
  "exports/cases": typeof exports_cases;
  "exports/common": typeof exports_common;
  "exports/conversation": typeof exports_conversation;
  "exports/csv": typeof exports_csv;
  "exports/deepeval": typeof exports_deepeval;
  "exports/filesystem": typeof exports_filesystem;
  "exports/html": typeof exports_html;
  "exports/index": typeof exports_index;
  "exports/json": typeof exports_json;
  "exports/jsonl": typeof exports_jsonl;
  "exports/markdown": typeof exports_markdown;
  "exports/openai": typeof exports_openai;
  "exports/promptfoo": typeof exports_promptfoo;
  "exports/select": typeof exports_select;
  "exports/shared": typeof exports_shared;
  "exports/sharedPage": typeof exports_sharedPage;
  "exports/sharedStyle": typeof exports_sharedStyle;
  "exports/text": typeof exports_text;
  "exports/types": typeof exports_types;
  "exports/writer": typeof exports_writer;
  fields: typeof fields;
  functions: typeof functions;
  http: typeof http;
  "http/authenticate": typeof http_authenticate;
  "http/body": typeof http_body;
  "http/context": typeof http_context;
  "http/deliveries": typeof http_deliveries;
  "http/docs": typeof http_docs;
  "http/edit": typeof http_edit;
  "http/endpoint": typeof http_endpoint;
  "http/export": typeof http_export;
  "http/health": typeof http_health;
  "http/openapi": typeof http_openapi;
  "http/respond": typeof http_respond;
  "http/router": typeof http_router;
  "http/search": typeof http_search;
  "http/sessions": typeof http_sessions;
  "http/share": typeof http_share;
  "http/stats": typeof http_stats;
  "http/sync": typeof http_sync;
  "http/webhooks": typeof http_webhooks;
  "http/wellKnown": typeof http_wellKnown;
  "lib/anonymize": typeof lib_anonymize;
  "lib/apiKey": typeof lib_apiKey;
  "lib/chunked": typeof lib_chunked;
  "lib/chunks": typeof lib_chunks;
  "lib/context": typeof lib_context;
  "lib/cursor": typeof lib_cursor;
  "lib/drawn": typeof lib_drawn;
  "lib/embedPlan": typeof lib_embedPlan;
  "lib/enums": typeof lib_enums;
  "lib/escape": typeof lib_escape;
  "lib/evidence": typeof lib_evidence;
  "lib/fold": typeof lib_fold;
  "lib/fusion": typeof lib_fusion;
  "lib/hash": typeof lib_hash;
  "lib/json": typeof lib_json;
  "lib/labels": typeof lib_labels;
  "lib/ledger": typeof lib_ledger;
  "lib/markdown": typeof lib_markdown;
  "lib/messages": typeof lib_messages;
  "lib/numbers": typeof lib_numbers;
  "lib/orderKey": typeof lib_orderKey;
  "lib/parts": typeof lib_parts;
  "lib/pieces": typeof lib_pieces;
  "lib/providers": typeof lib_providers;
  "lib/rank": typeof lib_rank;
  "lib/sections": typeof lib_sections;
  "lib/snippet": typeof lib_snippet;
  "lib/sourceTime": typeof lib_sourceTime;
  "lib/stats": typeof lib_stats;
  "lib/terms": typeof lib_terms;
  "lib/text": typeof lib_text;
  "lib/time": typeof lib_time;
  "lib/tokens": typeof lib_tokens;
  "lib/units": typeof lib_units;
  "lib/vectorSpace": typeof lib_vectorSpace;
  "lib/words": typeof lib_words;
  "lib/workos": typeof lib_workos;
  "lib/wrapped": typeof lib_wrapped;
  "lib/wrappedSvg": typeof lib_wrappedSvg;
  "model/accountDeletion": typeof model_accountDeletion;
  "model/accountSweeps": typeof model_accountSweeps;
  "model/analytics": typeof model_analytics;
  "model/apiKeys": typeof model_apiKeys;
  "model/apiLogs": typeof model_apiLogs;
  "model/bounded": typeof model_bounded;
  "model/browse": typeof model_browse;
  "model/candidates": typeof model_candidates;
  "model/context": typeof model_context;
  "model/dashboard": typeof model_dashboard;
  "model/deletion": typeof model_deletion;
  "model/docs": typeof model_docs;
  "model/embeddingSchedule": typeof model_embeddingSchedule;
  "model/embeddings": typeof model_embeddings;
  "model/evalLists": typeof model_evalLists;
  "model/evalViews": typeof model_evalViews;
  "model/evals": typeof model_evals;
  "model/exportFiles": typeof model_exportFiles;
  "model/exportSelection": typeof model_exportSelection;
  "model/exports": typeof model_exports;
  "model/ledger": typeof model_ledger;
  "model/legs": typeof model_legs;
  "model/limits": typeof model_limits;
  "model/messages": typeof model_messages;
  "model/parts": typeof model_parts;
  "model/passages": typeof model_passages;
  "model/platform": typeof model_platform;
  "model/profile": typeof model_profile;
  "model/refresh": typeof model_refresh;
  "model/refreshSchedule": typeof model_refreshSchedule;
  "model/reviews": typeof model_reviews;
  "model/search": typeof model_search;
  "model/sessionEdits": typeof model_sessionEdits;
  "model/sessionLists": typeof model_sessionLists;
  "model/sessionMerge": typeof model_sessionMerge;
  "model/sessions": typeof model_sessions;
  "model/sharing": typeof model_sharing;
  "model/statsViews": typeof model_statsViews;
  "model/stretches": typeof model_stretches;
  "model/sync": typeof model_sync;
  "model/syncShapes": typeof model_syncShapes;
  "model/users": typeof model_users;
  "model/workosUsers": typeof model_workosUsers;
  "model/wrapped": typeof model_wrapped;
  search: typeof search;
  semantic: typeof semantic;
  sessions: typeof sessions;
  shared: typeof shared;
  sync: typeof sync;
  users: typeof users;
  "wire/answers": typeof wire_answers;
  "wire/context": typeof wire_context;
  "wire/docs": typeof wire_docs;
  "wire/evals": typeof wire_evals;
  "wire/examples": typeof wire_examples;
  "wire/export": typeof wire_export;
  "wire/fields": typeof wire_fields;
  "wire/health": typeof wire_health;
  "wire/jsonSchema": typeof wire_jsonSchema;
  "wire/openapi": typeof wire_openapi;
  "wire/parts": typeof wire_parts;
  "wire/roles": typeof wire_roles;
  "wire/route": typeof wire_route;
  "wire/search": typeof wire_search;
  "wire/sessions": typeof wire_sessions;
  "wire/share": typeof wire_share;
  "wire/sources": typeof wire_sources;
  "wire/stats": typeof wire_stats;
  "wire/sync": typeof wire_sync;
  "wire/webhooks": typeof wire_webhooks;
  "wire/wellKnown": typeof wire_wellKnown;
  workos: typeof workos;
  wrapped: typeof wrapped;
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
