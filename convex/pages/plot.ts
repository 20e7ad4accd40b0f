import { html, type Html } from "./html";

/** One column of a chart. `value` is undefined if unknown, which is not zero. */
export type Column = { label: string; value: number | undefined; title: string };

const HEIGHT = 150;
const BASE = 122;
const TOP = 14;
const WIDTH = 720;

/** Renders columns over time: no column for zero, a dashed frame for unknown values. */
export function columns(name: string, data: readonly Column[], most: string): Html {
  const highest = Math.max(...data.map(({ value }) => value ?? 0), 0);
  const step = WIDTH / Math.max(1, data.length);
  const width = Math.max(1, step - Math.min(6, step / 4));
  const rects = data.map(({ value, title }, index) => {
    const x = (index * step).toFixed(1);
    if (value === undefined) {
      return html`<rect class="unknown" x="${x}" y="${BASE - 24}" width="${width.toFixed(1)}" height="24"><title>${title}</title></rect>`;
    }
    if (value <= 0 || highest <= 0) return "";
    const height = Math.max(2, (value / highest) * (BASE - TOP));
    return html`<rect x="${x}" y="${(BASE - height).toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" rx="2"><title>${title}</title></rect>`;
  });
  const [first, last] = [data[0]?.label ?? "", data[data.length - 1]?.label ?? ""];
  return html`<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${name}">
<rect class="track" x="0" y="${BASE}" width="${WIDTH}" height="1"/>${rects}
<text x="0" y="${HEIGHT - 8}">${first}</text><text x="${WIDTH}" y="${HEIGHT - 8}" text-anchor="end">${last}</text>
${highest > 0 ? html`<text x="${WIDTH}" y="10" text-anchor="end">max: ${most}</text>` : ""}
</svg>`;
}

/** One bar of a list. */
export type Bar = { name: string; value: number; text: string };

/**
 * Renders a list of bars, the longest at full width. Name and number are text, so the bar is only
 * decoration.
 */
export function bars(data: readonly Bar[]): Html {
  if (data.length === 0) return html`<p class="soft">No data in this period.</p>`;
  const highest = Math.max(...data.map(({ value }) => value), 0);
  const rows = data.map(({ name, value, text }) => {
    const width = highest > 0 ? (100 * value) / highest : 0;
    const bar = width > 0 ? html`<rect width="${width.toFixed(1)}" height="7" rx="1"/>` : "";
    return html`<li><div class="row spread"><span>${name}</span><span class="num soft">${text}</span></div><svg viewBox="0 0 100 7" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="7"/>${bar}</svg></li>`;
  });
  return html`<ul class="bars">${rows}</ul>`;
}
