#!/usr/bin/env node
// Starts the command line, which is written in TypeScript. Node 22.18 and newer read that themselves.

if (!process.features.typescript) {
  const { register: registerTsx } = await import("tsx/esm/api");
  registerTsx();
}
const { main } = await import("./main.ts");
process.exitCode = await main();
