import { Client } from "../client.ts";
import { type Command, printJson, readArgs } from "../command.ts";
import { EXIT, noAddress, usageError } from "../failure.ts";
import { loginFile, readLogin, removeLogin, withoutSlash, writeLogin } from "../settings.ts";
import { line } from "../text.ts";

type Me = { address: string | null; key: { prefix: string; name: string | null } | null };

export const login: Command = {
  usage: "login [url] [--off]",
  summary: "keep the address and key of a server; the key may come on standard input",
  run: async ({ io, args }) => {
    const { values, positionals } = readArgs(args, { off: { type: "boolean", default: false } });
    if (values.off) {
      removeLogin(io);
      io.out(
        "The key on this machine is forgotten. Revoke it in the settings if others may know it.",
      );
      return EXIT.done;
    }
    const [given, ...more] = positionals;
    if (more.length > 0)
      throw usageError(
        "login takes an address only. Never give a key on the command line: others see it there.",
      );
    const url = readUrl(given ?? readLogin(io).url);
    const typed = await io.ask(`Key for ${url} (osk_…): `, true);
    const key = (typed ?? (await io.stdin())).trim();
    if (key === "")
      throw usageError(
        "No key was given. The settings page of the server makes one; npm start prints its own.",
      );
    const me = await new Client(url, key).get<Me>("/api/me", { counts: false });
    writeLogin(io, { url, key });
    if (values.json) printJson(io, { url, address: me.address });
    else
      io.out(
        `Signed in at ${url} as ${line(me.address ?? "an account without an address", 100)}. The key is in ${loginFile(io)}.`,
      );
    return EXIT.done;
  },
};

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw noAddress(text);
  const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol === "http:" && !isLocal)
    throw usageError(`${text} would send the key in clear text. Use https://.`);
  if (url.hostname.endsWith(".convex.cloud")) url.hostname = url.hostname.replace(/cloud$/, "site");
  return withoutSlash(url.origin + url.pathname);
}
