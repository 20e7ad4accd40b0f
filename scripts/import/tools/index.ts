import type { Tool } from "../rows.ts";
import { claudeCode } from "./claude/index.ts";
import { codex } from "./codex/index.ts";
import { copilot } from "./copilot/index.ts";
import { ownExport } from "./export.ts";
import { factory } from "./factory.ts";
import { gemini } from "./gemini/index.ts";
import { openCode } from "./opencode/index.ts";
import { pi } from "./pi.ts";

/** All tools whose history can be imported. To add one, add its file and a line here. */
export const TOOLS: readonly Tool[] = [
  claudeCode,
  codex,
  openCode,
  pi,
  gemini,
  copilot,
  factory,
  ownExport,
];

/** Tools that keep a history which cannot be imported yet: their name, and where it lies. */
export const NOT_YET: readonly { label: string; paths: readonly string[] }[] = [
  {
    label: "Cursor",
    paths: [
      ".config/Cursor/User/globalStorage/state.vscdb",
      "Library/Application Support/Cursor/User/globalStorage/state.vscdb",
      ".cursor/chats",
    ],
  },
  {
    label: "Cline",
    paths: [
      ".config/Code/User/globalStorage/saoudrizwan.claude-dev",
      "Library/Application Support/Code/User/globalStorage/saoudrizwan.claude-dev",
    ],
  },
  {
    label: "Roo Code",
    paths: [
      ".config/Code/User/globalStorage/rooveterinaryinc.roo-cline",
      "Library/Application Support/Code/User/globalStorage/rooveterinaryinc.roo-cline",
    ],
  },
  { label: "Amp", paths: [".local/share/amp/threads"] },
  { label: "Crush", paths: [".local/share/crush/crush.db", ".crush/crush.db"] },
  { label: "Goose", paths: [".local/share/goose/sessions"] },
  { label: "Qwen Code", paths: [".qwen/tmp"] },
  { label: "Kiro CLI", paths: [".local/share/kiro-cli/data.sqlite3"] },
  { label: "Oh My Pi", paths: [".omp/agent/sessions"] },
];
