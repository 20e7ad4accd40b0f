import convexPlugin from "@convex-dev/eslint-plugin";
import regexp from "eslint-plugin-regexp";
import { fileURLToPath } from "node:url";
import tseslint from "typescript-eslint";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Bounds far above what is usual here (files of about 100 lines, functions of about 10); tests are longer lists. */
const sizes = {
  "max-lines": ["error", { max: 250, skipBlankLines: true, skipComments: true }],
  "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
};

export default tseslint.config(
  { ignores: ["**/_generated/**", "**/node_modules/**"] },
  ...tseslint.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ["**/*.ts"] })),
  ...convexPlugin.configs.recommended,
  {
    files: ["**/*.ts"],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: root },
    },
    rules: {
      ...sizes,
      eqeqeq: ["error", "smart"],
      "no-console": "off",
      "@typescript-eslint/consistent-type-imports": ["error", { prefer: "type-imports" }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      // `{ left, out, ...rest }` is how a projection leaves fields out.
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    // Patterns read what strangers send: one that goes back over its text would stop the server.
    files: ["convex/**/*.ts", "scripts/local/**/*.ts"],
    plugins: { regexp },
    rules: {
      "regexp/no-super-linear-backtracking": ["error", { report: "potential" }],
      "regexp/no-super-linear-move": "error",
    },
  },
  {
    files: ["**/*.test.ts", "**/*.fixture.ts", "**/test.setup.ts"],
    rules: { "max-lines": "off", "max-lines-per-function": "off" },
  },
);
