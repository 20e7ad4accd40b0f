import { basename, dirname, join, relative } from "node:path";
import {
  beginning,
  fileHistory,
  filesBelow,
  firstObject,
  jsonFile,
  type FoundFile,
} from "../../files.ts";
import { numberIn, textIn } from "../../json.ts";
import type { Places, Tool, History } from "../../rows.ts";
import { ClaudeLines, SOURCE, type Transcript } from "./lines.ts";
import { Family, heldIn, knownParentOf } from "./family.ts";

/** Claude Code: a transcript a session, and one for each subagent beside it. */
export const claudeCode: Tool = {
  source: SOURCE,
  label: "Claude Code",
  places: ({ home, env }) => {
    const own = env["CLAUDE_CONFIG_DIR"];
    if (own !== undefined && own !== "") return [join(own, "projects")];
    return [join(home, ".claude", "projects"), join(home, ".config", "claude", "projects")];
  },
  async *histories(path, places) {
    const family = new Family();
    const accepts = (one: string) => isTranscript(relative(dirname(path), one));
    for (const file of filesBelow(path, { accepts, onUnreadable: places.onUnreadable }))
      if (!places.isNamed || (await looksLikeOne(file.path))) yield historyOf(file, places, family);
  },
};

/**
 * `<session>.jsonl` of a project, or `agent-<id>.jsonl` below `subagents`; not the journal of a workflow. Folders above
 * those of the projects may have any name.
 */
function isTranscript(path: string): boolean {
  const name = basename(path);
  if (!name.endsWith(".jsonl") || name === "journal.jsonl" || name === "history.jsonl")
    return false;
  const all = path.split(/[\\/]/);
  const folders = all.slice(all.lastIndexOf("projects") + 1);
  if (folders.includes("subagents")) return name.startsWith("agent-");
  // A session's own folder holds results of tools.
  return !folders.includes("tool-results");
}

/** Records that begin transcripts; files of other tools may lie in a folder that the user named. */
async function looksLikeOne(path: string): Promise<boolean> {
  const first = await firstObject(path);
  // A first line may be longer than what is looked at. A file that cannot be read is named when it is.
  if (Object.keys(first).length === 0)
    return await beginning(path, 64 * 1024).then(
      (text) => BEGINS_LIKE_ONE.test(text),
      () => true,
    );
  if (textIn(first, "type") === undefined || first.payload !== undefined) return false;
  return ["sessionId", "leafUuid", "uuid", "parentUuid", "snapshot"].some((key) => key in first);
}

const BEGINS_LIKE_ONE =
  /^\ufeff?\s*\{(?!"timestamp":"[^"]*","type":"[^"]*","payload").*"(?:sessionId|parentUuid)":/;

function historyOf(file: FoundFile, places: Places, family: Family): History {
  return fileHistory(
    file,
    async (memo) => new ClaudeLines(await transcriptOf(file.path, places, family, memo), memo),
  );
}

/** Id of a subagent's session: ids of agents repeat under other parents. */
export function subagentId(parent: string, agent: string): string {
  return `${parent}-agent-${agent}`;
}

/** The session of a subagent whose file lies beside it, as releases before 2026 wrote them; undefined for a session. */
async function sessionBeside(path: string): Promise<string | undefined> {
  if (!basename(path).startsWith("agent-")) return undefined;
  const first = await firstObject(path);
  return first.isSidechain === true ? textIn(first, "sessionId") : undefined;
}

/** The folder of a session, by the path of its subagent. */
const SUBAGENT = /^(.*)[\\/]subagents[\\/](?!(?:.*[\\/])?projects[\\/])/;

/** The subagent of a session that made this call, which started another one. */
async function callerIn(
  subagents: string,
  called: string,
  callId: string,
): Promise<string | undefined> {
  const isOther = (one: string) => one !== called && /^agent-.*\.jsonl$/.test(basename(one));
  for (const { path } of filesBelow(subagents, { accepts: isOther }))
    if ((await heldIn(path, new Set([callId]))).size > 0)
      return basename(path, ".jsonl").replace(/^agent-/, "");
  return undefined;
}

async function transcriptOf(
  path: string,
  { host }: Places,
  family: Family,
  memo: unknown,
): Promise<Transcript> {
  const name = basename(path, ".jsonl");
  const folder = name.startsWith("agent-") ? SUBAGENT.exec(path)?.[1] : undefined;
  const session = folder === undefined ? await sessionBeside(path) : basename(folder);
  if (session === undefined) {
    const parent = await family.parentOf(path, knownParentOf(memo));
    return { externalId: name, host, ...parent };
  }
  const meta = await jsonFile(join(dirname(path), `${name}.meta.json`));
  const title = textIn(meta, "description");
  const calledBy = textIn(meta, "toolUseId");
  const depth = numberIn(meta, "spawnDepth") ?? 1;
  const caller =
    depth > 1 && folder !== undefined && calledBy !== undefined
      ? await callerIn(join(folder, "subagents"), path, calledBy)
      : undefined;
  return {
    externalId: subagentId(session, name.replace(/^agent-/, "")),
    host,
    parentExternalId: caller === undefined ? session : subagentId(session, caller),
    relation: "subagent",
    ...(title === undefined ? {} : { title }),
    ...(calledBy === undefined ? {} : { calledBy }),
  };
}
