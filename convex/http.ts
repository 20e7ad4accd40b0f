import { httpRouter } from "convex/server";
import { getContext } from "./http/context";
import { searchDocs } from "./http/docs";
import { deleteSession, patchSession } from "./http/edit";
import { exportEvals, exportSessions } from "./http/export";
import type { Endpoint } from "./http/endpoint";
import { health } from "./http/health";
import { openapi } from "./http/openapi";
import { serve } from "./http/router";
import { search, searchByQuery } from "./http/search";
import { getSession, getSessionById, listSessions } from "./http/sessions";
import { getShared } from "./http/share";
import { getStats, getWrapped } from "./http/stats";
import { listExternalIds, syncBatch, syncMessage, syncSession } from "./http/sync";
import { receiveWorkosWebhook } from "./http/webhooks";
import { jwks, openidConfiguration } from "./http/wellKnown";

/** Every endpoint of the HTTP API, a line each. */
export const endpoints: readonly Endpoint[] = [
  health,
  syncSession,
  syncMessage,
  syncBatch,
  listExternalIds,
  listSessions,
  getSession,
  getSessionById,
  search,
  searchByQuery,
  getContext,
  patchSession,
  deleteSession,
  exportSessions,
  exportEvals,
  getStats,
  getWrapped,
  getShared,
  searchDocs,
  openapi(() => endpoints),
  receiveWorkosWebhook,
  openidConfiguration,
  jwks,
];

const http = httpRouter();
serve(http, endpoints);

export default http;
