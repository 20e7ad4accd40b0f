import { API_VERSION, CAPABILITIES, health as route } from "../wire/health";
import { publicEndpoint } from "./endpoint";

/** Answers while the deployment is running; reads and writes nothing except the log. */
export const health = publicEndpoint(route, () => ({
  body: { status: "ok", version: API_VERSION, timestamp: Date.now(), capabilities: CAPABILITIES },
}));
