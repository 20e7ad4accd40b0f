import { httpRouter } from "convex/server";
import { bulkSessions } from "./http/bulk";
import { getChanges } from "./http/changes";
import { getContext } from "./http/context";
import { searchDocs } from "./http/docs";
import { deleteSession, patchSession } from "./http/edit";
import { exportByBody, exportEvals, exportSessions } from "./http/export";
import type { Endpoint } from "./http/endpoint";
import { getFiles } from "./http/files";
import { health } from "./http/health";
import { getMe, patchMe } from "./http/me";
import { mcp } from "./http/mcp";
import { getMessage } from "./http/messages";
import { openapi } from "./http/openapi";
import { home, sessionsPage } from "./http/pages/home";
import { download, getSessionPage, liveCount, postSessionPage } from "./http/pages/session";
import { getSettings, postSettings, shares } from "./http/pages/settings";
import {
  favicon,
  faviconIco,
  getSignIn,
  postSignIn,
  postSignOut,
  script,
} from "./http/pages/signIn";
import { beginWorkos, endWorkos } from "./http/pages/workos";
import { linkedPicture, postWrapped, stats, wrapped } from "./http/pages/stats";
import { serve } from "./http/router";
import { searches } from "./http/search";
import { getSession, getSessionById, listSessions } from "./http/sessions";
import { getShared } from "./http/share";
import { getStats, getWrapped } from "./http/stats";
import { listExternalIds, syncBatch, syncMessage, syncSession } from "./http/sync";
import { receiveWorkosWebhook } from "./http/webhooks";
import { jwks, openidConfiguration } from "./http/wellKnown";

/** Every endpoint of the HTTP API, one per line. */
export const endpoints: readonly Endpoint[] = [
  health,
  syncSession,
  syncMessage,
  syncBatch,
  listExternalIds,
  getMe,
  patchMe,
  listSessions,
  getSession,
  getSessionById,
  getMessage,
  getChanges,
  ...searches,
  getContext,
  getFiles,
  patchSession,
  bulkSessions,
  deleteSession,
  exportSessions,
  exportByBody,
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

/** Endpoints with a protocol of their own. They are not part of the OpenAPI document. */
export const protocols: readonly Endpoint[] = [mcp];

/** Every page for people, one per line. They are not part of the API or its OpenAPI description. */
export const pages: readonly Endpoint[] = [
  home,
  sessionsPage,
  getSignIn,
  postSignIn,
  postSignOut,
  beginWorkos,
  endWorkos,
  getSessionPage,
  postSessionPage,
  download,
  liveCount,
  shares,
  stats,
  wrapped,
  postWrapped,
  linkedPicture,
  getSettings,
  postSettings,
  script,
  favicon,
  faviconIco,
];

const http = httpRouter();
serve(http, [...endpoints, ...protocols, ...pages]);

export default http;
