#!/usr/bin/env node
// Starts the command line, which is written in TypeScript: from a bundle, or else from its sources.

import { fileURLToPath } from "node:url";
import { bundleUrl } from "./bundle.mjs";

async function load() {
  const bundle = await bundleUrl();
  if (bundle !== null) return await import(bundle.href);
  // Node 22.18 and newer read TypeScript themselves.
  if (!process.features.typescript) {
    const { register: registerTsx } = await import("tsx/esm/api");
    registerTsx();
  }
  return await import("./main.ts");
}

const { main } = await load();
process.exitCode = await main(fileURLToPath(new URL("../import/main.ts", import.meta.url)));
