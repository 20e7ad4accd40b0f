import { escapeMarkup } from "../escape";
import { costOf, durationOf, fitted, longDate, shortCount } from "./labels";
import { OTHER } from "./ledger";
import type { WrappedStats } from "./wrapped";

/** The colours of the picture; `auto` follows the reader's system. */
export const WRAPPED_THEMES = ["light", "dark", "auto"] as const;
/** The form of the picture: `landscape` has the size of link previews, `portrait` that of a phone. */
export const WRAPPED_SHAPES = ["landscape", "portrait"] as const;

/** How the picture looks. */
export type WrappedLook = {
  theme?: (typeof WRAPPED_THEMES)[number];
  shape?: (typeof WRAPPED_SHAPES)[number];
};

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

/** The size of each form, the width of its numbers, and where its lists are: beside the numbers or below them. */
const LAYOUTS = {
  landscape: {
    ...{ width: 1200, height: 630, column: 536 },
    lists: { x: 668, top: 64, bottom: 590, width: 468, rows: 4 },
  },
  portrait: {
    ...{ width: 720, height: 1280, column: 592 },
    lists: { x: LEFT, top: 632, bottom: 1240, width: 592, rows: 3 },
  },
} as const;

type ListsPlace = (typeof LAYOUTS)[keyof typeof LAYOUTS]["lists"];

/** The width and height of the picture in each form. */
export const WRAPPED_SIZES: {
  readonly [shape in keyof typeof LAYOUTS]: { width: number; height: number };
} = LAYOUTS;

/**
 * Renders a day as a picture: one self-contained SVG without scripts, fonts or links. Pure: equal
 * numbers give equal bytes. All names are escaped.
 */
export function wrappedSvg(
  picture: WrappedPicture,
  { theme = "auto", shape = "landscape" }: WrappedLook = {},
): string {
  const { stats, date } = picture;
  const { width, height, column, lists: place } = LAYOUTS[shape];
  const label = `${longDate(date)}: ${shortCount(stats.totalTokens)} tokens in ${stats.sessionCount} sessions`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeMarkup(label)}">`,
    style(theme),
    '<defs><linearGradient id="ab" x1="0" x2="1"><stop offset="0" stop-color="var(--a)"/><stop offset="1" stop-color="var(--b)"/></linearGradient>',
    '<radialGradient id="glow" cx="0" cy="0" r="1"><stop offset="0" stop-color="var(--glow)"/><stop offset="1" stop-color="var(--glow)" stop-opacity="0"/></radialGradient></defs>',
    `<rect width="${width}" height="${height}" fill="var(--bg)"/><ellipse cx="150" cy="60" rx="720" ry="430" fill="url(#glow)"/>`,
    header(date),
    hero(stats),
    tiles(stats, column),
    recentBars(picture.recent, column),
    lists(stats, place),
    "</svg>",
    "",
  ].join("\n");
}

function style(theme: (typeof WRAPPED_THEMES)[number]): string {
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

const TILE_GAP = 12;

function tiles(stats: WrappedStats, column: number): string {
  const { cost, totalTokens, durationMs, sessionCount } = stats;
  const facts: [value: string, name: string][] = [
    [shortCount(stats.sessionCount), stats.sessionCount === 1 ? "session" : "sessions"],
    [shortCount(stats.totalMessages), stats.totalMessages === 1 ? "message" : "messages"],
    [costOf({ cost, totalTokens }), "cost"],
    [durationOf({ durationMs, sessions: sessionCount }), "time"],
  ];
  const step = (column + TILE_GAP) / facts.length;
  return facts
    .map(([value, name], index) => {
      const x = LEFT + index * step;
      return `<rect x="${x}" y="322" width="${step - TILE_GAP}" height="92" rx="16" fill="var(--card)" stroke="var(--line)"/>${text(x + 18, 365, value.length > 5 ? 22 : 26, value, "b n")}${text(x + 18, 394, 17, name, "s")}`;
    })
    .join("");
}

/** A column for each day, on one line; a day without tokens has none. */
function recentBars(recent: WrappedPicture["recent"], column: number): string {
  const most = Math.max(1, ...recent.map(({ tokens }) => tokens));
  const step = column / Math.max(1, recent.length);
  const columns = recent.map(({ tokens }, index) => {
    if (tokens === 0) return "";
    const height = Math.max(6, (tokens / most) * 84);
    const fill =
      index === recent.length - 1 ? 'fill="url(#ab)"' : 'fill="var(--a)" fill-opacity=".38"';
    return `<rect x="${round(LEFT + index * step)}" y="${round(540 - height)}" width="${round(step - 10)}" height="${round(height)}" rx="${height > 8 ? 6 : 2}" ${fill}/>`;
  });
  const line = `<rect x="${LEFT}" y="541" width="${column - 10}" height="2" fill="var(--track)"/>`;
  return `${line}${columns.join("")}${text(LEFT, 570, 16, `Tokens, last ${recent.length} days`, "s")}`;
}

const TITLE_HEIGHT = 26;
const ROW_HEIGHT = 58;

/** Models, projects and sources, in this order, as many whole lists as fit. */
function lists(stats: WrappedStats, { x, top, bottom, width, rows: most }: ListsPlace): string {
  const sections: [title: string, entries: Bar[]][] = [
    [
      "Models",
      bars(
        stats.topModels.map(({ model, tokens }) => [model, tokens]),
        most,
      ),
    ],
    [
      "Projects",
      bars(
        stats.topProjects.map(({ project, tokens }) => [project, tokens]),
        most,
      ),
    ],
    [
      "Sources",
      bars(
        stats.topSources.map(({ source, tokens }) => [source, tokens]),
        most,
      ),
    ],
  ];
  let y: number = top;
  const rendered = sections.map(([title, entries]) => {
    const rows = Math.max(1, entries.length);
    const fits = Math.floor((bottom - y - TITLE_HEIGHT) / ROW_HEIGHT);
    if (fits < Math.min(rows, 2)) return "";
    const section = list({ x, y, width }, title, entries.slice(0, fits));
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

function list(
  { x, y, width }: { x: number; y: number; width: number },
  title: string,
  entries: readonly Bar[],
): string {
  const rows = entries.map(({ name, tokens, share }, index) => {
    const top = y + 56 + index * ROW_HEIGHT;
    const shown = name === OTHER ? `Other ${title.toLowerCase()}` : name;
    const bar = `<rect x="${x}" y="${top + 12}" width="${round(Math.max(8, share * width))}" height="9" rx="4.5" fill="url(#ab)"/>`;
    return [
      text(x, top, 20, fitted(shown, 17.5), "b"),
      `<text x="${x + width}" y="${top}" font-size="19" text-anchor="end" class="s n">${shortCount(tokens)}</text>`,
      `<rect x="${x}" y="${top + 12}" width="${width}" height="9" rx="4.5" fill="var(--track)"/>`,
      tokens > 0 ? bar : "",
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
