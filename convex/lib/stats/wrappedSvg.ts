import { escapeMarkup } from "../escape";
import { fitted, longDate, shortCost, shortCount, shortDuration } from "./labels";
import type { WrappedStats } from "./wrapped";

/** The colours of the picture; `auto` follows the reader's system. */
type WrappedTheme = "light" | "dark" | "auto";

/** The content of the picture. */
export type WrappedPicture = {
  date: string;
  stats: WrappedStats;
  /** Tokens of the last days, oldest first, including the day itself. */
  recent: readonly { date: string; tokens: number }[];
};

const LIGHT =
  "--bg:#fbfaf8;--glow:#e9e3ff;--card:#ffffff;--line:#e8e4dd;--ink:#1c1a22;--soft:#5f5a6b;--track:#efebe4;--a:#6d4aff;--b:#0a9b8e";
const DARK =
  "--bg:#0f0e14;--glow:#2b1f5c;--card:#191722;--line:#2c2938;--ink:#f4f2fa;--soft:#a8a2ba;--track:#272433;--a:#9b82ff;--b:#35d0be";

const SANS =
  "Inter,ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";

const LEFT = 64;
const RIGHT = 668;
const LIST_WIDTH = 468;

/**
 * Renders a day as a picture of 1200 × 630 (the size of link previews): one self-contained SVG
 * without scripts, fonts or links. Pure: equal numbers give equal bytes. All names are escaped.
 */
export function wrappedSvg(picture: WrappedPicture, theme: WrappedTheme = "auto"): string {
  const { stats, date } = picture;
  const label = `${longDate(date)}: ${shortCount(stats.totalTokens)} tokens in ${stats.sessionCount} sessions`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630" viewBox="0 0 1200 630" role="img" aria-label="${escapeMarkup(label)}">`,
    style(theme),
    '<defs><linearGradient id="ab" x1="0" x2="1"><stop offset="0" stop-color="var(--a)"/><stop offset="1" stop-color="var(--b)"/></linearGradient>',
    '<radialGradient id="glow" cx="0" cy="0" r="1"><stop offset="0" stop-color="var(--glow)"/><stop offset="1" stop-color="var(--glow)" stop-opacity="0"/></radialGradient></defs>',
    '<rect width="1200" height="630" fill="var(--bg)"/><ellipse cx="150" cy="60" rx="720" ry="430" fill="url(#glow)"/>',
    header(date),
    hero(stats),
    tiles(stats),
    recentBars(picture.recent),
    lists(stats),
    "</svg>",
    "",
  ].join("\n");
}

function style(theme: WrappedTheme): string {
  const colours = {
    light: `svg{${LIGHT}}`,
    dark: `svg{${DARK}}`,
    auto: `svg{${LIGHT}}@media(prefers-color-scheme:dark){svg{${DARK}}}`,
  }[theme];
  return `<style>${colours}text{font-family:${SANS};fill:var(--ink)}.s{fill:var(--soft)}.b{font-weight:600}.n{font-variant-numeric:tabular-nums}</style>`;
}

function header(date: string): string {
  return [
    `<rect x="${LEFT}" y="60" width="34" height="34" rx="10" fill="url(#ab)"/>`,
    `<path d="M${LEFT + 10} 77a7 7 0 0 1 12-4.5m2 4.5a7 7 0 0 1-12 4.5" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/>`,
    pair(LEFT + 50, 85, 23, "OpenSync", longDate(date)),
  ].join("");
}

function hero(stats: WrappedStats): string {
  const tokens = shortCount(stats.totalTokens);
  const split = `${shortCount(stats.promptTokens)} in · ${shortCount(stats.completionTokens)} out`;
  return [
    `<text x="${LEFT - 4}" y="236" font-size="124" font-weight="700" letter-spacing="-4" style="fill:url(#ab)">${tokens}</text>`,
    pair(LEFT, 282, 24, stats.totalTokens === 1 ? "token" : "tokens", split),
  ].join("");
}

function tiles(stats: WrappedStats): string {
  const facts: [value: string, name: string][] = [
    [shortCount(stats.sessionCount), stats.sessionCount === 1 ? "session" : "sessions"],
    [shortCount(stats.totalMessages), stats.totalMessages === 1 ? "message" : "messages"],
    [shortCost(stats.cost), "cost"],
    [shortDuration(stats.durationMs), "time"],
  ];
  return facts
    .map(([value, name], index) => {
      const x = LEFT + index * 137;
      return `<rect x="${x}" y="322" width="125" height="92" rx="16" fill="var(--card)" stroke="var(--line)"/>${text(x + 18, 365, value.length > 5 ? 22 : 26, value, "b n")}${text(x + 18, 394, 17, name, "s")}`;
    })
    .join("");
}

function recentBars(recent: WrappedPicture["recent"]): string {
  const most = Math.max(1, ...recent.map(({ tokens }) => tokens));
  const step = 536 / Math.max(1, recent.length);
  const columns = recent.map(({ tokens }, index) => {
    const height = tokens === 0 ? 4 : Math.max(6, (tokens / most) * 84);
    const fill =
      index === recent.length - 1 ? "url(#ab)" : tokens === 0 ? "var(--track)" : "var(--a)";
    const faded = index === recent.length - 1 || tokens === 0 ? "" : ' fill-opacity=".38"';
    return `<rect x="${round(LEFT + index * step)}" y="${round(540 - height)}" width="${round(step - 10)}" height="${round(height)}" rx="${height > 8 ? 6 : 2}" fill="${fill}"${faded}/>`;
  });
  return `${columns.join("")}${text(LEFT, 570, 16, `Tokens, last ${recent.length} days`, "s")}`;
}

const TITLE_HEIGHT = 26;
const ROW_HEIGHT = 58;
const LISTS_TOP = 64;
const LISTS_BOTTOM = 590;

/** Models, projects and sources, in this order, as many whole lists as fit. */
function lists(stats: WrappedStats): string {
  const sections: [title: string, entries: Bar[]][] = [
    [
      "Models",
      bars(
        stats.topModels.map(({ model, tokens }) => [model, tokens]),
        4,
      ),
    ],
    [
      "Projects",
      bars(
        stats.topProjects.map(({ project, tokens }) => [project, tokens]),
        4,
      ),
    ],
    [
      "Sources",
      bars(
        stats.topSources.map(({ source, tokens }) => [source, tokens]),
        4,
      ),
    ],
  ];
  let y = LISTS_TOP;
  const rendered = sections.map(([title, entries]) => {
    const rows = Math.max(1, entries.length);
    const fits = Math.floor((LISTS_BOTTOM - y - TITLE_HEIGHT) / ROW_HEIGHT);
    if (fits < Math.min(rows, 2)) return "";
    const section = list(RIGHT, y, title, entries.slice(0, fits));
    y += TITLE_HEIGHT + Math.min(rows, fits) * ROW_HEIGHT + 22;
    return section;
  });
  return rendered.join("");
}

type Bar = { name: string; tokens: number; share: number };

/** The largest entries as bars: the first is full, the others are in proportion. */
function bars(entries: readonly (readonly [name: string, tokens: number])[], count: number): Bar[] {
  const most = Math.max(1, ...entries.map(([, tokens]) => tokens));
  return entries.slice(0, count).map(([name, tokens]) => ({ name, tokens, share: tokens / most }));
}

function list(x: number, y: number, title: string, entries: readonly Bar[]): string {
  const rows = entries.map(({ name, tokens, share }, index) => {
    const top = y + 56 + index * 58;
    const width = Math.max(8, share * LIST_WIDTH);
    return [
      text(x, top, 20, fitted(name, 17.5), "b"),
      `<text x="${x + LIST_WIDTH}" y="${top}" font-size="19" text-anchor="end" class="s n">${shortCount(tokens)}</text>`,
      `<rect x="${x}" y="${top + 12}" width="${LIST_WIDTH}" height="9" rx="4.5" fill="var(--track)"/>`,
      `<rect x="${x}" y="${top + 12}" width="${round(width)}" height="9" rx="4.5" fill="url(#ab)"/>`,
    ].join("");
  });
  const body = rows.length > 0 ? rows.join("") : text(x, y + 56, 19, "Nothing yet", "s");
  return `${text(x, y + 16, 17, title.toUpperCase(), "s b")}${body}`;
}

/** Two texts in one line, the second after the first whatever the width of the font. */
function pair(x: number, y: number, size: number, strong: string, soft: string): string {
  return `<text x="${x}" y="${y}" font-size="${size}"><tspan class="b">${escapeMarkup(strong)}</tspan><tspan class="s" dx="14" font-size="${size - 2}">${escapeMarkup(soft)}</tspan></text>`;
}

function text(x: number, y: number, size: number, content: string, classes: string): string {
  return `<text x="${x}" y="${y}" font-size="${size}" class="${classes}">${escapeMarkup(content)}</text>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
