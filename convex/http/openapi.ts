import { ERROR_STATUS } from "../errors";
import { openApiDocument } from "../wire/openapi";
import { openapi as route } from "../wire/wellKnown";
import { publicEndpoint, type Endpoint } from "./endpoint";

/** Answers the OpenAPI document, generated from the declarations of the served endpoints. */
export const openapi = (endpoints: () => readonly Endpoint[]): Endpoint =>
  publicEndpoint(route, (_, { request }) => {
    const routes = endpoints().map((endpoint) => endpoint.route);
    return { body: openApiDocument(routes, new URL(request.url).origin, ERROR_STATUS) };
  });
