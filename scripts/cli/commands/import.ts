import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { Command } from "../command.ts";
import { EXIT } from "../failure.ts";

/** The importer is a program of its own, with its own options (`docs/import.md`). */
export const importing: Command = {
  usage: "import [options] [path …]",
  summary: "send what coding tools keep on this machine (opensync import --help)",
  run: async ({ io, client, args }) => {
    // In the environment, because others can read command lines.
    const env = {
      ...io.env,
      OPENSYNC_URL: client.url,
      ...(client.key === undefined ? {} : { OPENSYNC_API_KEY: client.key }),
    };
    // A file URL, because a package name would be resolved from the working directory.
    const tsx = pathToFileURL(createRequire(io.importer).resolve("tsx")).href;
    const child = spawn(
      process.execPath,
      [...process.execArgv, "--import", tsx, io.importer, ...args],
      {
        env,
        cwd: io.cwd,
        stdio: "inherit",
      },
    );
    const [code] = (await once(child, "exit")) as [number | null];
    return code ?? EXIT.server;
  },
};
