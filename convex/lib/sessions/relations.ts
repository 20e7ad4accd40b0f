/** How a session derives from its parent (`relation`), where something depends on it. */
export const SUBAGENT = "subagent";
