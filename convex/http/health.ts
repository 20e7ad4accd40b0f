import { API_VERSION, health as route } from "../wire/health";
import { publicEndpoint } from "./endpoint";

/** Answers while the deployment runs; touches no data but the log. */
export const health = publicEndpoint(route, () => ({
  body: { status: "ok", version: API_VERSION, timestamp: Date.now() },
}));
