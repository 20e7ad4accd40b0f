/** Finds user names in home paths and logins, in every spelling that tools write. Linear, pure. */

/** Directory and account names that do not identify a person. */
const NOBODY = new Set(
  (
    "admin administrator anonymous app all build ci codespace default dev docker guest home node " +
    "owner public root runner server shared test tmp ubuntu user users vscode work workspace you git"
  ).split(" "),
);

/** Whether an account name belongs to a person. */
export const isPerson = (name: string): boolean => !NOBODY.has(name.toLowerCase());

const NAME = String.raw`[^/\\\s"'${"`"}:;,<>|*?()[\]{}%&#]{1,128}`;
/** A Windows user name may contain spaces if a separator follows. */
const WINDOWS_NAME = String.raw`(?:[^/\\\r\n"'${"`"}:;,<>|*?]{1,64}(?=[/\\])|[^/\\\s"'${"`"}:;,<>|*?]{1,128})`;
const BACKSLASHES = String.raw`\\{1,8}`;

/** Each pattern has two groups: the text before a name, and the name. */
const SPELLINGS: readonly RegExp[] = [
  // /Users/ada, /home/ada, /mnt/c/Users/ada, \/Users\/ada in JSON text
  String.raw`(?<![\w.-])((?:\\?/(?:System\\?/Volumes\\?/Data|Volumes\\?/[^/\\\n"']{1,64}|private(?:\\?/var)?|rootfs|host(?:fs)?|sysroot|var|export|usr|mnt(?:\\?/[a-z][\w-]{0,31})?|media\\?/[\w-]{1,64}|cygdrive\\?/[a-z]|host_mnt(?:\\?/[a-z])?|[a-z](?:%3[Aa]|:)?))?\\?/(?:Users|USERS|home|HOME)\\?/)(${NAME})`,
  // ssh://u@h/home/ada, vscode-remote://ssh-remote%2Bh/home/ada, //server/Users/ada; `/home/` of a website is a page
  String.raw`((?<![/\w]|https?:|wss?:)(?:\\?/){2}[^/\\\s"'<>]{1,200}\\?/(?:[\w$.-]{1,64}\\?/)?(?:Users|home)\\?/)(${NAME})`,
  // //wsl.localhost/Ubuntu/home/ada
  String.raw`(//wsl(?:\.localhost|\$)/[\w .-]{1,64}/home/)(${NAME})`,
  // C:\Users\ada, C:/Users/ada, with any number of backslashes
  String.raw`((?<![A-Za-z])[A-Za-z]:(?:${BACKSLASHES}|/)(?:Users|users|USERS|Documents and Settings)(?:${BACKSLASHES}|/))(${WINDOWS_NAME})`,
  // \\server\Users\ada, \\wsl$\Ubuntu\home\ada, \\server\c$\Users\ada
  String.raw`(\\{2,16}[\w.$-]{1,64}${BACKSLASHES}(?:[\w .$-]{1,64}${BACKSLASHES})?(?:Users|users|home|Home)${BACKSLASHES})(${WINDOWS_NAME})`,
  // %2FUsers%2Fada, C%3A%5CUsers%5Cada
  String.raw`((?:%2[Ff]|%5[Cc])(?:Users|home)(?:%2[Ff]|%5[Cc]))([^\s"'&/\\%<>]{1,128})`,
  // Folders of Claude Code: -Users-ada-repo, -home-ada-repo, C--Users-ada-repo
  String.raw`((?<![\w-])(?:-mnt-[a-z])?-(?:Users|home)-|(?<![\w-])[A-Za-z]--Users-)([A-Za-z0-9_.]{1,64})`,
  // ~ada/, also in addresses
  String.raw`((?<![\w~.-])~|(?<=\bcd )~)([A-Za-z_][\w.-]{1,31})(?=/)`,
  // git@host:ada/repo, ssh://git@host/ada/repo
  String.raw`(git@[\w.-]{1,100}:|ssh://git@[\w.-]{1,100}(?::\d{1,5})?/)([\w.-]{1,64})(?=/)`,
  // ada@laptop:~/work, scp x ada@host:/tmp
  String.raw`((?<![\w.@/+-]))([A-Za-z_][\w.-]{1,31})(?=@[A-Za-z0-9][\w.-]{0,62}(?::[~/]| [~%$#]))`,
].map((pattern) => new RegExp(pattern, "g"));

/** Replaces every user name by its label. */
export function replaceHomes(text: string, label: (name: string) => string): string {
  return SPELLINGS.reduce(
    (rest, spelling) =>
      rest.replace(spelling, (whole, before: string, name: string) =>
        isPerson(name) && !isLabel(name) ? before + label(name) : whole,
      ),
    text,
  );
}

/** Whether a name is a pseudonym that another pattern inserted. */
const isLabel = (name: string) => /^(?:user|mail)-[0-9a-f]{12}/.test(name) || name === "user";

/**
 * The patterns that names are collected from. Owners in Git addresses are excluded: they may be
 * companies.
 */
const OWNERS = SPELLINGS.findIndex(({ source }) => source.startsWith("(git@"));
const LEARNED = SPELLINGS.filter((_, index) => index !== OWNERS);
/** Shell variables that contain the user's name. */
const VARIABLES = /(\b(?:USER|LOGNAME|USERNAME)=)([A-Za-z][\w.-]{2,31})/g;

/** The user names that home paths in a text reveal. */
export function homeNames(text: string): string[] {
  const found = new Set<string>();
  for (const spelling of [...LEARNED, VARIABLES]) {
    for (const [, , name = ""] of text.matchAll(spelling)) found.add(name);
  }
  return Array.from(found);
}
