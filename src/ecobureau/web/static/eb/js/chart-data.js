// Pure reckoning of charts: runs, gaps, downsampling, axis limits, table rows. No drawing, no document.
// @ts-check

/**
 * @typedef {[start: number, end: number, value: number | null, flag: string]} Point
 * @typedef {{value: number, words: string, source: string, judged: boolean, from: number, to: number}} Limit
 * @typedef {{from: number, to: number, code: string, words: string}} Run
 * @typedef {{name: string, unit: string, kind: "step" | "line", zero: boolean, decimals: number, series: number,
 *   area: boolean, main: boolean, note: string, noteTone: string, points: Point[], limits: Limit[], flags: Run[]}} Plot
 * @typedef {{from: number, to: number, kind: "suspect" | "gap", words: string}} Band
 * @typedef {{name: string, subtitle: string, from: number, to: number, labels: string, source: string, bands: Band[],
 *   plots: Plot[]}} Chart
 */

export const MANY = 2000;

/**
 * The line of a plot as [time, value] pairs. Gaps are gaps: a missing value or a missing stretch breaks the line. Means of
 * intervals are drawn flat from start to end.
 * @param {Plot} plot
 * @returns {[number, number | null][]}
 */
export function line(plot) {
  /** @type {[number, number | null][]} */
  const out = [];
  const usual = usualStep(plot.points);
  /** @type {Point | null} */
  let before = null;
  for (const point of plot.points) {
    const [start, end, value] = point;
    const edge = plot.kind === "step" ? (before ? before[1] : start) : before ? before[0] : start;
    const apart = before && (plot.kind === "step" ? start > edge : usual > 0 && start - edge > usual * 1.5);
    if (apart) out.push([start, null]);
    if (value === null) {
      out.push([start, null]);
    } else {
      out.push([start, value]);
      if (plot.kind === "step" && end > start) out.push([end, value]);
    }
    before = point;
  }
  return out;
}

/** The most usual distance between points, in ms; 0 where it cannot be told. @param {Point[]} points */
export function usualStep(points) {
  /** @type {Map<number, number>} */
  const seen = new Map();
  for (let i = 1; i < points.length; i += 1) {
    const step = points[i][0] - points[i - 1][0];
    if (step > 0) seen.set(step, (seen.get(step) ?? 0) + 1);
  }
  let best = 0;
  let times = 0;
  for (const [step, count] of seen) if (count > times || (count === times && step < best)) [best, times] = [step, count];
  return best;
}

/**
 * Fewer points that keep what matters: of each stretch its smallest and its largest value, and every gap.
 * @param {[number, number | null][]} pairs
 * @param {number} [most]
 */
export function thin(pairs, most = MANY) {
  if (pairs.length <= most) return pairs;
  const size = Math.ceil(pairs.length / (most / 2));
  /** @type {[number, number | null][]} */
  const out = [];
  for (let from = 0; from < pairs.length; from += size) {
    const part = pairs.slice(from, from + size);
    const known = part.filter((pair) => pair[1] !== null);
    const hole = part.find((pair) => pair[1] === null);
    /** @type {[number, number | null][]} */
    const kept = [];
    if (known.length) {
      let low = known[0];
      let high = known[0];
      for (const pair of known) {
        if (Number(pair[1]) < Number(low[1])) low = pair;
        if (Number(pair[1]) > Number(high[1])) high = pair;
      }
      kept.push(low);
      if (high !== low) kept.push(high);
    }
    if (hole) kept.push(hole);
    kept.sort((a, b) => a[0] - b[0]);
    out.push(...kept);
  }
  return out;
}

/**
 * Limits of the y axis with round ticks (3 to 4 lines); it starts at 0 where the plot says so.
 * @param {Plot} plot
 */
export function scale(plot) {
  const values = plot.points.map((point) => point[2]).filter((value) => value !== null);
  for (const limit of plot.limits) values.push(limit.value);
  let low = plot.zero ? 0 : Math.min(...values);
  let high = Math.max(...values);
  if (!values.length) return { min: 0, max: 1, interval: 1 };
  if (plot.zero && Math.min(...values) < 0) low = Math.min(...values);
  if (high === low) high = low + (Math.abs(low) || 1);
  const aims = plot.main ? 3 : 2;
  const rough = (high - low) / aims;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 4, 5, 10].map((k) => k * power).find((k) => k >= rough * 0.999) ?? 10 * power;
  const min = Math.floor(low / step + 1e-9) * step;
  let max = Math.ceil(high / step - 1e-9) * step;
  if (max - high < step * 0.04) max += step * 0;
  return { min: clean(min), max: clean(max), interval: clean(step) };
}

/** @param {number} value */
function clean(value) {
  return Number(value.toPrecision(12));
}

/**
 * A value as the page writes it: decimals of the standard, thousands apart; a dash where it is missing.
 * @param {number | null | undefined} value
 * @param {number} decimals
 */
export function write(value, decimals) {
  if (value === null || value === undefined) return "—";
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/**
 * The point of a plot that holds at a time, or null.
 * @param {Plot} plot
 * @param {number} time
 */
export function pointAt(plot, time) {
  let low = 0;
  let high = plot.points.length - 1;
  let found = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (plot.points[middle][0] <= time) {
      found = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  if (found < 0) return null;
  const point = plot.points[found];
  if (plot.kind === "step") return time < point[1] || point[0] === time ? point : null;
  const step = usualStep(plot.points) || 60000;
  const next = plot.points[found + 1];
  if (next && next[0] - time < time - point[0]) return next;
  return time - point[0] <= step ? point : null;
}

/** All starts of the chart in order, once each. @param {Chart} chart */
export function times(chart) {
  const all = new Set();
  for (const plot of chart.plots) for (const point of plot.points) all.add(point[0]);
  return /** @type {number[]} */ ([...all]).sort((a, b) => a - b);
}

/**
 * The chart as CSV, with time, source and flags.
 * @param {Chart} chart
 * @param {(ms: number) => string} when
 * @param {{time: string, flag: string, source: string, made: string}} words
 * @param {number} now
 */
export function csv(chart, when, words, now) {
  /** @param {string | number} cell */
  const safe = (cell) => {
    const text = String(cell);
    const harmless = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
    return /[",\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
  };
  const head = [`${words.time} (start)`, `${words.time} (end)`];
  for (const plot of chart.plots) head.push(`${plot.name} ${plot.unit}`.trim(), `${plot.name} ${words.flag}`);
  /** @type {Map<string, {from: number, to: number, cells: Record<number, Point>}>} */
  const rows = new Map();
  chart.plots.forEach((plot, place) => {
    for (const point of plot.points) {
      const key = `${point[0]}-${point[1]}`;
      const row = rows.get(key) ?? { from: point[0], to: point[1], cells: {} };
      row.cells[place] = point;
      rows.set(key, row);
    }
  });
  const lines = [[chart.name], [words.source, chart.source], [words.made, when(now)], head];
  for (const row of [...rows.values()].sort((a, b) => a.from - b.from)) {
    const cells = [when(row.from), when(row.to)];
    chart.plots.forEach((plot, place) => {
      const point = row.cells[place];
      cells.push(point && point[2] !== null ? point[2].toFixed(plot.decimals) : "", point ? point[3] : "");
    });
    lines.push(cells);
  }
  return `\ufeff${lines.map((cells) => cells.map(safe).join(",")).join("\r\n")}\r\n`;
}
