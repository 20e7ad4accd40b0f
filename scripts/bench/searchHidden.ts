import { oneOf, seeded } from "./random.ts";

/**
 * Words of the benchmark that a reader sees and a plain index misses: behind escapes and colours, in scripts
 * without spaces, in hashes, in other spellings and forms; and phrases and commits. Every session has two.
 */

export const HIDDEN_KINDS = [
  "behind an escape",
  "coloured",
  "script without spaces",
  "part of a hash",
  "other width or accent",
  "word form",
  "quoted phrase",
  "commit",
] as const;

/** What is planted in a session, and the query that must lead to it. */
export type HiddenWord = {
  kind: (typeof HIDDEN_KINDS)[number];
  query: string;
  /** Text of an answer. */
  text?: string;
  /** Output of a tool call. */
  output?: string;
  gitCommit?: string;
};

const CONSONANTS = "bdfgklmnprtvz".split("");
const VOWELS = "aeiou".split("");
const SCRIPTS = [
  "缓存失效问题修复数据库连接池超时重试队列消息分区索引备份恢复权限日志监控报警部署回滚灰度流量限速熔断",
  "在庫管理画面検索条件保存機能追加修正認証期限切通知送信予約取消履歴印刷様式変更承認経路設定同期処理",
  "데이터베이스연결캐시메모리누수검색색인권한관리배포복구알림예약취소기록출력양식변경승인경로설정동기화처리",
].map((text) => Array.from(text));

/** The two hidden words of the session with this number. They do not depend on the seed of the filler text. */
export function hiddenWordsOf(i: number): HiddenWord[] {
  const random = seeded(90_000 + i);
  const first = i % HIDDEN_KINDS.length;
  const second = (first + 3 + (Math.floor(i / HIDDEN_KINDS.length) % 4)) % HIDDEN_KINDS.length;
  return [first, second].flatMap((at) => {
    const kind = HIDDEN_KINDS[at];
    return kind === undefined ? [] : [{ kind, ...PLANTED[kind](random) }];
  });
}

type Random = () => number;

/** A word that no language has, of five syllables. */
function word(random: Random): string {
  return Array.from({ length: 4 }, () => oneOf(CONSONANTS, random) + oneOf(VOWELS, random)).join(
    "",
  );
}

function hexadecimal(length: number, random: Random): string {
  return Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join("");
}

const PLANTED: {
  [kind in HiddenWord["kind"]]: (random: Random) => Omit<HiddenWord, "kind">;
} = {
  "behind an escape": (random) => {
    const query = word(random);
    return { query, output: JSON.stringify({ stdout: `first line\n${query}\tsecond column` }) };
  },
  coloured: (random) => {
    const query = word(random);
    return { query, output: `\u001b[1m\u001b[31m${query}\u001b[0m: 1 problem` };
  },
  "script without spaces": (random) => {
    const characters = oneOf(SCRIPTS, random);
    const at = Math.floor(random() * (characters.length - 6));
    const query = characters.slice(at, at + 4).join("");
    const before = characters.slice(0, 3).join("");
    return { query, text: `${before}${query}${characters.slice(at + 4, at + 6).join("")}。` };
  },
  "part of a hash": (random) => {
    const hash = hexadecimal(40, random);
    return { query: hash.slice(0, 7), text: `The fix is in ${hash} on main.` };
  },
  "other width or accent": (random) => {
    const query = `${word(random)}é`;
    return { query, text: `The setting is called ${query.normalize("NFD")} here.` };
  },
  "word form": (random) => {
    const stem = `${word(random)}t`;
    return { query: `${stem}ing`, text: `We ${stem}ed all of it.` };
  },
  "quoted phrase": (random) => {
    const [one, other] = [word(random), word(random)];
    return { query: `"${one} ${other}"`, text: `They call it the ${one} ${other} there.` };
  },
  commit: (random) => {
    const gitCommit = hexadecimal(40, random);
    return { query: gitCommit.slice(0, 12), gitCommit };
  },
};
