import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * `npm run generated`: fails if `convex/_generated` is not what the Convex CLI writes for this code.
 * The CLI needs a deployment to generate against: the one configured, or a rehearsal stand-in beside
 * the repository. With neither there is nothing to compare with, and that is said.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const rehearsal = fileURLToPath(new URL("../../shared/push-rehearsal/with.mjs", import.meta.url));

const isConfigured = ["CONVEX_DEPLOYMENT", "CONVEX_DEPLOY_KEY", "CONVEX_SELF_HOSTED_URL"].some(
  (name) => process.env[name] !== undefined,
);

function command(): string[] | null {
  if (existsSync(rehearsal)) return [process.execPath, rehearsal, "--", "codegen"];
  return isConfigured ? ["npx", "convex", "codegen"] : null;
}

const generated = () =>
  execFileSync("git", ["status", "--porcelain", "--", "convex/_generated"], {
    cwd: root,
  }).toString() +
  execFileSync("git", ["diff", "HEAD", "--", "convex/_generated"], { cwd: root }).toString();

const codegen = command();
if (codegen === null) {
  console.log("Generated code not compared: no Convex deployment is configured here.");
} else {
  const before = generated();
  const [program = "", ...args] = [...codegen, "--typecheck", "disable"];
  const { status } = spawnSync(program, args, {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
  if (generated() !== before) {
    console.error("convex/_generated was out of date. It has been written anew: commit it.");
    process.exit(1);
  }
}
