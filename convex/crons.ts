import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

/** Cron jobs and their times (UTC; never at minute 0, because most other jobs run then). */
const crons = cronJobs();

crons.interval(
  "refresh sessions whose refresh was lost",
  { minutes: 10 },
  internal.sessions.sweepRefreshes,
  {},
);
crons.interval("prune counted changes", { hours: 1 }, internal.sessions.pruneChanges, {});
crons.cron("prune signed-in browsers", "27 3 * * *", internal.browserSessions.prune, {});
crons.cron("prune the API log", "17 3 * * *", internal.apiLogs.prune, {});
crons.cron("embed what was missed", "43 4 * * *", internal.embeddings.sweep, {});
crons.cron("close days of the ledger", "20 0 * * *", internal.wrapped.closeDays, {});
crons.cron(
  "figures of the landing page",
  "35 0 * * *",
  internal.analytics.updatePlatformFigures,
  {},
);
crons.cron("forget old tombstones", "7 5 * * *", internal.deletion.removeExpiredTombstones, {});
crons.interval("resume deletions", { minutes: 15 }, internal.deletion.resumeStalled, {});
crons.interval("bring stored rows up to date", { hours: 1 }, internal.migrations.start, {});

export default crons;
