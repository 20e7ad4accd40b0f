import { ERROR_STATUS } from "../../convex/errors.ts";
import { endpoints } from "../../convex/http.ts";
import { openApiDocument } from "../../convex/wire/openapi.ts";

/** The OpenAPI document, as a deployment answers it. */
export function currentDocument() {
  const routes = endpoints.map(({ route }) => route);
  return openApiDocument(routes, "https://example.convex.site", ERROR_STATUS);
}
