/** Mutation testing of pure code. `npm run mutants` chooses the files (`scripts/mutants/main.ts`). */
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "scripts/config/mutants.vitest.config.ts", related: true },
  coverageAnalysis: "perTest",
  incremental: true,
  incrementalFile: "node_modules/.cache/stryker/incremental.json",
  tempDirName: ".mutants",
  reporters: ["json", "dots"],
  jsonReporter: { fileName: "node_modules/.cache/stryker/report.json" },
  ignorePatterns: ["docs", "convex/_generated"],
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 10_000,
  allowConsoleColors: false,
};
