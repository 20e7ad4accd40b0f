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
import type * as exports_index from "../exports/index.js";
import type * as exports_json from "../exports/json.js";
import type * as exports_jsonl from "../exports/jsonl.js";
import type * as exports_markdown from "../exports/markdown.js";
import type * as exports_openai from "../exports/openai.js";
import type * as exports_promptfoo from "../exports/promptfoo.js";
import type * as exports_select from "../exports/select.js";
import type * as exports_shared from "../exports/shared.js";
import type * as exports_text from "../exports/text.js";
import type * as exports_types from "../exports/types.js";
import type * as exports_writer from "../exports/writer.js";
import type * as fields from "../fields.js";
import type * as functions from "../functions.js";
import type * as http from "../http.js";
import type * as http_authenticate from "../http/authenticate.js";
import type * as http_body from "../http/body.js";
import type * as http_context from "../http/context.js";
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
import type * as http_syncItems from "../http/syncItems.js";
import type * as http_syncSlices from "../http/syncSlices.js";
import type * as http_webhooks from "../http/webhooks.js";
import type * as http_wellKnown from "../http/wellKnown.js";
import type * as lib_accounts_apiKey from "../lib/accounts/apiKey.js";
import type * as lib_accounts_workos from "../lib/accounts/workos.js";
import type * as lib_cursor from "../lib/cursor.js";
import type * as lib_docs_sections from "../lib/docs/sections.js";
import type * as lib_embedding_chunks from "../lib/embedding/chunks.js";
import type * as lib_embedding_plan from "../lib/embedding/plan.js";
import type * as lib_embedding_units from "../lib/embedding/units.js";
import type * as lib_embedding_vectorSpace from "../lib/embedding/vectorSpace.js";
import type * as lib_enums from "../lib/enums.js";
import type * as lib_escape from "../lib/escape.js";
import type * as lib_exports_anonymize from "../lib/exports/anonymize.js";
import type * as lib_exports_forgedTurns from "../lib/exports/forgedTurns.js";
import type * as lib_exports_markdown from "../lib/exports/markdown.js";
import type * as lib_exports_templates from "../lib/exports/templates.js";
import type * as lib_hash from "../lib/hash.js";
import type * as lib_json from "../lib/json.js";
import type * as lib_jsonBytes from "../lib/jsonBytes.js";
import type * as lib_numbers from "../lib/numbers.js";
import type * as lib_pause from "../lib/pause.js";
import type * as lib_record from "../lib/record.js";
import type * as lib_retry from "../lib/retry.js";
import type * as lib_search_context from "../lib/search/context.js";
import type * as lib_search_evidence from "../lib/search/evidence.js";
import type * as lib_search_fusion from "../lib/search/fusion.js";
import type * as lib_search_rank from "../lib/search/rank.js";
import type * as lib_search_snippet from "../lib/search/snippet.js";
import type * as lib_search_terms from "../lib/search/terms.js";
import type * as lib_search_tokens from "../lib/search/tokens.js";
import type * as lib_search_words from "../lib/search/words.js";
import type * as lib_sessions_dashboardParts from "../lib/sessions/dashboardParts.js";
import type * as lib_sessions_fieldTable from "../lib/sessions/fieldTable.js";
import type * as lib_sessions_fields from "../lib/sessions/fields.js";
import type * as lib_sessions_mergeFields from "../lib/sessions/mergeFields.js";
import type * as lib_sessions_partRows from "../lib/sessions/partRows.js";
import type * as lib_sessions_parts from "../lib/sessions/parts.js";
import type * as lib_sessions_providers from "../lib/sessions/providers.js";
import type * as lib_sessions_readMessage from "../lib/sessions/readMessage.js";
import type * as lib_stats_labels from "../lib/stats/labels.js";
import type * as lib_stats_ledger from "../lib/stats/ledger.js";
import type * as lib_stats_totals from "../lib/stats/totals.js";
import type * as lib_stats_wrapped from "../lib/stats/wrapped.js";
import type * as lib_stats_wrappedSvg from "../lib/stats/wrappedSvg.js";
import type * as lib_sync_orderKey from "../lib/sync/orderKey.js";
import type * as lib_sync_sessionTotals from "../lib/sync/sessionTotals.js";
import type * as lib_sync_slices from "../lib/sync/slices.js";
import type * as lib_sync_sourceTime from "../lib/sync/sourceTime.js";
import type * as lib_sync_writeCost from "../lib/sync/writeCost.js";
import type * as lib_text from "../lib/text.js";
import type * as lib_time from "../lib/time.js";
import type * as model_accounts_account from "../model/accounts/account.js";
import type * as model_accounts_accountDeletion from "../model/accounts/accountDeletion.js";
import type * as model_accounts_apiKeys from "../model/accounts/apiKeys.js";
import type * as model_accounts_apiLogs from "../model/accounts/apiLogs.js";
import type * as model_accounts_deletionState from "../model/accounts/deletionState.js";
import type * as model_accounts_deletionSweeps from "../model/accounts/deletionSweeps.js";
import type * as model_accounts_rateLimits from "../model/accounts/rateLimits.js";
import type * as model_accounts_users from "../model/accounts/users.js";
import type * as model_accounts_workosUsers from "../model/accounts/workosUsers.js";
import type * as model_docs_docs from "../model/docs/docs.js";
import type * as model_embedding_embeddings from "../model/embedding/embeddings.js";
import type * as model_embedding_schedule from "../model/embedding/schedule.js";
import type * as model_embedding_staleRange from "../model/embedding/staleRange.js";
import type * as model_embedding_vectorHits from "../model/embedding/vectorHits.js";
import type * as model_evals_evals from "../model/evals/evals.js";
import type * as model_evals_lists from "../model/evals/lists.js";
import type * as model_evals_reviews from "../model/evals/reviews.js";
import type * as model_evals_views from "../model/evals/views.js";
import type * as model_exports_dashboardFiles from "../model/exports/dashboardFiles.js";
import type * as model_exports_exports from "../model/exports/exports.js";
import type * as model_exports_selection from "../model/exports/selection.js";
import type * as model_readBudget from "../model/readBudget.js";
import type * as model_search_candidateSources from "../model/search/candidateSources.js";
import type * as model_search_candidates from "../model/search/candidates.js";
import type * as model_search_context from "../model/search/context.js";
import type * as model_search_dashboardSearch from "../model/search/dashboardSearch.js";
import type * as model_search_search from "../model/search/search.js";
import type * as model_sessions_dashboard from "../model/sessions/dashboard.js";
import type * as model_sessions_deletion from "../model/sessions/deletion.js";
import type * as model_sessions_edits from "../model/sessions/edits.js";
import type * as model_sessions_lists from "../model/sessions/lists.js";
import type * as model_sessions_merge from "../model/sessions/merge.js";
import type * as model_sessions_messages from "../model/sessions/messages.js";
import type * as model_sessions_parts from "../model/sessions/parts.js";
import type * as model_sessions_sessions from "../model/sessions/sessions.js";
import type * as model_sessions_sharing from "../model/sessions/sharing.js";
import type * as model_stats_dashboardDays from "../model/stats/dashboardDays.js";
import type * as model_stats_ledger from "../model/stats/ledger.js";
import type * as model_stats_publicFigures from "../model/stats/publicFigures.js";
import type * as model_stats_views from "../model/stats/views.js";
import type * as model_stats_wrapped from "../model/stats/wrapped.js";
import type * as model_sync_refresh from "../model/sync/refresh.js";
import type * as model_sync_refreshSchedule from "../model/sync/refreshSchedule.js";
import type * as model_sync_shapes from "../model/sync/shapes.js";
import type * as model_sync_upsertMany from "../model/sync/upsertMany.js";
import type * as pages_markdown_markdown from "../pages/markdown/markdown.js";
import type * as pages_markdown_parse from "../pages/markdown/parse.js";
import type * as pages_markdown_write from "../pages/markdown/write.js";
import type * as pages_sharedPage from "../pages/sharedPage.js";
import type * as pages_sharedStyle from "../pages/sharedStyle.js";
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
import type * as wire_fieldShapes from "../wire/fieldShapes.js";
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
  "exports/index": typeof exports_index;
  "exports/json": typeof exports_json;
  "exports/jsonl": typeof exports_jsonl;
  "exports/markdown": typeof exports_markdown;
  "exports/openai": typeof exports_openai;
  "exports/promptfoo": typeof exports_promptfoo;
  "exports/select": typeof exports_select;
  "exports/shared": typeof exports_shared;
  "exports/text": typeof exports_text;
  "exports/types": typeof exports_types;
  "exports/writer": typeof exports_writer;
  fields: typeof fields;
  functions: typeof functions;
  http: typeof http;
  "http/authenticate": typeof http_authenticate;
  "http/body": typeof http_body;
  "http/context": typeof http_context;
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
  "http/syncItems": typeof http_syncItems;
  "http/syncSlices": typeof http_syncSlices;
  "http/webhooks": typeof http_webhooks;
  "http/wellKnown": typeof http_wellKnown;
  "lib/accounts/apiKey": typeof lib_accounts_apiKey;
  "lib/accounts/workos": typeof lib_accounts_workos;
  "lib/cursor": typeof lib_cursor;
  "lib/docs/sections": typeof lib_docs_sections;
  "lib/embedding/chunks": typeof lib_embedding_chunks;
  "lib/embedding/plan": typeof lib_embedding_plan;
  "lib/embedding/units": typeof lib_embedding_units;
  "lib/embedding/vectorSpace": typeof lib_embedding_vectorSpace;
  "lib/enums": typeof lib_enums;
  "lib/escape": typeof lib_escape;
  "lib/exports/anonymize": typeof lib_exports_anonymize;
  "lib/exports/forgedTurns": typeof lib_exports_forgedTurns;
  "lib/exports/markdown": typeof lib_exports_markdown;
  "lib/exports/templates": typeof lib_exports_templates;
  "lib/hash": typeof lib_hash;
  "lib/json": typeof lib_json;
  "lib/jsonBytes": typeof lib_jsonBytes;
  "lib/numbers": typeof lib_numbers;
  "lib/pause": typeof lib_pause;
  "lib/record": typeof lib_record;
  "lib/retry": typeof lib_retry;
  "lib/search/context": typeof lib_search_context;
  "lib/search/evidence": typeof lib_search_evidence;
  "lib/search/fusion": typeof lib_search_fusion;
  "lib/search/rank": typeof lib_search_rank;
  "lib/search/snippet": typeof lib_search_snippet;
  "lib/search/terms": typeof lib_search_terms;
  "lib/search/tokens": typeof lib_search_tokens;
  "lib/search/words": typeof lib_search_words;
  "lib/sessions/dashboardParts": typeof lib_sessions_dashboardParts;
  "lib/sessions/fieldTable": typeof lib_sessions_fieldTable;
  "lib/sessions/fields": typeof lib_sessions_fields;
  "lib/sessions/mergeFields": typeof lib_sessions_mergeFields;
  "lib/sessions/partRows": typeof lib_sessions_partRows;
  "lib/sessions/parts": typeof lib_sessions_parts;
  "lib/sessions/providers": typeof lib_sessions_providers;
  "lib/sessions/readMessage": typeof lib_sessions_readMessage;
  "lib/stats/labels": typeof lib_stats_labels;
  "lib/stats/ledger": typeof lib_stats_ledger;
  "lib/stats/totals": typeof lib_stats_totals;
  "lib/stats/wrapped": typeof lib_stats_wrapped;
  "lib/stats/wrappedSvg": typeof lib_stats_wrappedSvg;
  "lib/sync/orderKey": typeof lib_sync_orderKey;
  "lib/sync/sessionTotals": typeof lib_sync_sessionTotals;
  "lib/sync/slices": typeof lib_sync_slices;
  "lib/sync/sourceTime": typeof lib_sync_sourceTime;
  "lib/sync/writeCost": typeof lib_sync_writeCost;
  "lib/text": typeof lib_text;
  "lib/time": typeof lib_time;
  "model/accounts/account": typeof model_accounts_account;
  "model/accounts/accountDeletion": typeof model_accounts_accountDeletion;
  "model/accounts/apiKeys": typeof model_accounts_apiKeys;
  "model/accounts/apiLogs": typeof model_accounts_apiLogs;
  "model/accounts/deletionState": typeof model_accounts_deletionState;
  "model/accounts/deletionSweeps": typeof model_accounts_deletionSweeps;
  "model/accounts/rateLimits": typeof model_accounts_rateLimits;
  "model/accounts/users": typeof model_accounts_users;
  "model/accounts/workosUsers": typeof model_accounts_workosUsers;
  "model/docs/docs": typeof model_docs_docs;
  "model/embedding/embeddings": typeof model_embedding_embeddings;
  "model/embedding/schedule": typeof model_embedding_schedule;
  "model/embedding/staleRange": typeof model_embedding_staleRange;
  "model/embedding/vectorHits": typeof model_embedding_vectorHits;
  "model/evals/evals": typeof model_evals_evals;
  "model/evals/lists": typeof model_evals_lists;
  "model/evals/reviews": typeof model_evals_reviews;
  "model/evals/views": typeof model_evals_views;
  "model/exports/dashboardFiles": typeof model_exports_dashboardFiles;
  "model/exports/exports": typeof model_exports_exports;
  "model/exports/selection": typeof model_exports_selection;
  "model/readBudget": typeof model_readBudget;
  "model/search/candidateSources": typeof model_search_candidateSources;
  "model/search/candidates": typeof model_search_candidates;
  "model/search/context": typeof model_search_context;
  "model/search/dashboardSearch": typeof model_search_dashboardSearch;
  "model/search/search": typeof model_search_search;
  "model/sessions/dashboard": typeof model_sessions_dashboard;
  "model/sessions/deletion": typeof model_sessions_deletion;
  "model/sessions/edits": typeof model_sessions_edits;
  "model/sessions/lists": typeof model_sessions_lists;
  "model/sessions/merge": typeof model_sessions_merge;
  "model/sessions/messages": typeof model_sessions_messages;
  "model/sessions/parts": typeof model_sessions_parts;
  "model/sessions/sessions": typeof model_sessions_sessions;
  "model/sessions/sharing": typeof model_sessions_sharing;
  "model/stats/dashboardDays": typeof model_stats_dashboardDays;
  "model/stats/ledger": typeof model_stats_ledger;
  "model/stats/publicFigures": typeof model_stats_publicFigures;
  "model/stats/views": typeof model_stats_views;
  "model/stats/wrapped": typeof model_stats_wrapped;
  "model/sync/refresh": typeof model_sync_refresh;
  "model/sync/refreshSchedule": typeof model_sync_refreshSchedule;
  "model/sync/shapes": typeof model_sync_shapes;
  "model/sync/upsertMany": typeof model_sync_upsertMany;
  "pages/markdown/markdown": typeof pages_markdown_markdown;
  "pages/markdown/parse": typeof pages_markdown_parse;
  "pages/markdown/write": typeof pages_markdown_write;
  "pages/sharedPage": typeof pages_sharedPage;
  "pages/sharedStyle": typeof pages_sharedStyle;
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
  "wire/fieldShapes": typeof wire_fieldShapes;
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
