/** How often the parent is looked for: a signal cannot tell a child that its parent is gone. */
const CHECK_MS = 1_000;

/**
 * Calls `end` once when the process that started this one has ended, if that was npm: whoever ends `npm start`
 * by its process id means the server. A server that was started otherwise may outlive its parent (`nohup`).
 */
export function whenNpmEnds(end: () => void, checkMs = CHECK_MS): void {
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event === undefined || parent === 1) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    end();
  }, checkMs);
  timer.unref();
}
