import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const module = fileURLToPath(new URL("./parent.ts", import.meta.url));
/** A child that lives for half a minute, unless it sees that its parent has ended. */
const CHILD = `
  const { whenNpmEnds } = await import(${JSON.stringify(module)});
  const life = setTimeout(() => process.exit(1), 30_000);
  whenNpmEnds(() => { console.log("ended"); clearTimeout(life); }, 50);
  console.log("started " + process.pid);
`;

/** Starts the child below a shell, ends the shell, and tells what the child printed until it ended or was ended. */
async function afterParent(env: NodeJS.ProcessEnv): Promise<string> {
  const node = `"${process.execPath}" --import tsx --input-type=module -e '${CHILD.replace(/'/g, "")}'`;
  const shell = spawn("sh", ["-c", `${node}; true`], { env: { ...process.env, ...env } });
  let printed = "";
  const child = await new Promise<number>((resolve) => {
    shell.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      const pid = /started (\d+)/.exec(printed)?.[1];
      if (pid !== undefined) resolve(Number(pid));
    });
  });
  const closed = new Promise<void>((resolve) => shell.stdout.once("close", resolve));
  shell.kill();
  const timer = setTimeout(() => process.kill(child), 2_000);
  await closed;
  clearTimeout(timer);
  return printed;
}

test("a server that npm started ends when npm is ended", async () => {
  expect(await afterParent({ npm_lifecycle_event: "start" })).toContain("ended");
});

test("a server that was started without npm outlives its parent", async () => {
  expect(await afterParent({ npm_lifecycle_event: undefined })).not.toContain("ended");
});
