import { execFileSync, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `npm run generated`: fails if `convex/_generated` is not what the Convex CLI writes for this code.
 * The CLI needs a deployment to generate against: the one configured, or a stand-in that runs one
 * command of the CLI (`node <stand-in> -- codegen`), which PUSH_REHEARSAL names. With neither there is
 * nothing to compare with, and that is said.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const rehearsal = process.env["PUSH_REHEARSAL"];

const isConfigured = ["CONVEX_DEPLOYMENT", "CONVEX_DEPLOY_KEY", "CONVEX_SELF_HOSTED_URL"].some(
  (name) => process.env[name] !== undefined,
);

function command(): string[] | null {
  if (rehearsal) return [process.execPath, resolve(rehearsal), "--", "codegen"];
  return isConfigured ? ["npx", "convex", "codegen"] : null;
}

const generated = () =>
  execFileSync("git", ["status", "--porcelain", "--", "convex/_generated"], {
    cwd: root,
  }).toString() +
  execFileSync("git", ["diff", "HEAD", "--", "convex/_generated"], { cwd: root }).toString();

const codegen = command();
if (codegen === null) {
  console.log(
    "Generated code is checked by types only: to compare it with what the CLI writes, name a deployment (CONVEX_DEPLOYMENT, CONVEX_DEPLOY_KEY or CONVEX_SELF_HOSTED_URL).",
  );
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
