import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { currentDocument } from "./document.ts";

/** Redocly's recommended rules, stricter where they would only warn. */
const RULES: Parameters<typeof createConfig>[0] = {
  extends: ["recommended"],
  rules: {
    "no-invalid-media-type-examples": { severity: "error", allowAdditionalProperties: true },
    "no-invalid-parameter-examples": { severity: "error", allowAdditionalProperties: true },
    "no-invalid-schema-examples": "error",
    "no-required-schema-properties-undefined": "error",
    "operation-singular-tag": "error",
    "parameter-description": "error",
    "tag-description": "error",
    "operation-tag-defined": "error",
    "no-duplicated-tag-names": "error",
    "response-contains-header": {
      severity: "error",
      names: { "2XX": ["X-Request-Id"], "4XX": ["X-Request-Id"] },
    },
    // Open endpoints without parameters cannot fail by a fault of the client.
    "operation-4xx-response": "off",
  },
};

test("the document passes a linter without errors or warnings", async () => {
  const source = JSON.stringify(currentDocument());
  const config = await createConfig(RULES);
  const problems = await lintFromString({ source, config });
  expect(
    problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
  ).toEqual([]);
});
