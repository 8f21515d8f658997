// From the values of a chart to what ECharts draws, by the rules of the house. Reads the tokens of the page.
// @ts-check
import { line, MANY, pointAt, scale, thin, write } from "eb/chart-data";
import { beijing, english, say, token } from "eb/words";

const DASH = { 1: "solid", 2: "solid", 3: "solid", 4: [6, 3], 5: [2, 3], 6: [2, 2] };
const FLAG_TONE = { N: "ok", C: "blue", M: "yellow", T: "yellow", S: "yellow", D: "red" };
const TOP = 20;
const AXIS = 26;
const GAP = 26;
const STRIP = 18;

const LINE = 12 * 1.45;
// Half a label of the value axis stands above its plot.
const ABOVE = 8;

/** About how wide words are at the size of a chart's letters. @param {string} words @param {number} rem */
function widthOf(words, rem) {
  let sum = 0;
  for (const sign of words) sum += sign > "\u2e7f" ? 12 : 7.2;
  return sum * rem;
}

/**
 * The rows above a plot: its name where that does not stand at the side, its note beside it, or below where both do
 * not fit into one row.
 * @param {import("eb/chart-data").Plot} plot @param {boolean} narrow @param {number} room @param {number} rem
 */
function rowsAbove(plot, narrow, room, rem) {
  const title = narrow ? widthOf(`${plot.name} ${plot.unit}`, rem) : 0;
  const note = plot.note ? widthOf(plot.note, rem) : 0;
  const notes = note ? Math.ceil(note / room) : 0;
  if (title + note + (note ? 12 * rem : 0) <= room) return { rows: 1, notes: Math.min(notes, 1) };
  return { rows: Math.max(1, Math.ceil(title / room) + notes), notes };
}

/** @param {import("eb/chart-data").Chart} chart @param {number} width @param {number} rem */
export function layout(chart, width, rem) {
  const narrow = width < 560;
  const words = chart.plots.flatMap((plot) => plot.name.split(/\s+/));
  const longest = Math.max(...words.map((word) => word.length * (/[\u3400-\u9fff]/.test(word) ? 12 : 7.2)));
  const left = narrow ? 44 * rem : Math.min(Math.max(96, longest + 50), 190) * rem;
  const room = width - 12 - (narrow ? 4 : left);
  /** @type {{place: number, top: number, height: number, strip: number, rows: number, notes: number}[]} */
  const boxes = [];
  let top = TOP + (narrow ? (18 + ABOVE) * rem : 4);
  chart.plots.forEach((plot, place) => {
    const height = (plot.main ? 190 : 68) * rem;
    const above = rowsAbove(plot, narrow, room, rem);
    top += (above.rows - 1) * LINE * rem;
    boxes.push({ place, top, height, strip: 0, ...above });
    top += height;
    if (plot.flags.length) {
      boxes[boxes.length - 1].strip = top + 14;
      top += 14 + STRIP * rem;
    }
    top += narrow ? (GAP + ABOVE) * rem + 16 : GAP * rem;
  });
  return { narrow, left, room, right: 12, boxes, height: Math.round(top - GAP * rem + AXIS * rem + 6) };
}

/** The label of a moment below the axis: hours by their word, midnight by the date in bold. @param {number} span */
function axisLabel(span) {
  const days = span > 4 * 86400000;
  return (/** @type {number} */ ms) => {
    const t = beijing(ms);
    if (days || (t.hour === 0 && t.minute === 0)) return `{day|${t.short}}`;
    if (span > 26 * 3600000 || (t.minute === 0 && !english())) return english() ? `${t.hour}:00` : `${t.hour}时`;
    return t.time;
  };
}

/** Round times for the axis, on the clock of Beijing. @param {number} from @param {number} to @param {number} most */
export function ticks(from, to, most) {
  const hour = 3600000;
  const steps = [1 / 12, 1 / 6, 0.5, 1, 2, 4, 6, 12, 24, 48, 168, 720].map((h) => h * hour);
  const step = steps.find((s) => (to - from) / s <= most) ?? steps[steps.length - 1];
  const shift = 8 * hour;
  const out = [];
  for (let at = Math.ceil((from + shift) / step) * step - shift; at <= to; at += step) out.push(at);
  return out;
}

/**
 * The whole option.
 * @param {import("eb/chart-data").Chart} chart
 * @param {ReturnType<typeof layout>} plan
 * @param {number} width
 * @param {number} rem size of 1 rem over 16 px
 * @returns {{option: Record<string, unknown>, thinned: number}}
 */
export function option(chart, plan, width, rem) {
  const small = 12 * rem;
  const ink = token("--eb-ink");
  const ink2 = token("--eb-ink2");
  const ink3 = token("--eb-ink3");
  const red = token("--eb-red-text");
  const rule = token("--eb-line");
  const span = chart.to - chart.from;
  const marks = ticks(chart.from, chart.to, Math.max(2, Math.floor((width - plan.left) / (70 * rem))));
  /** @type {Record<string, unknown>[]} */
  const grid = [];
  /** @type {Record<string, unknown>[]} */
  const xAxis = [];
  /** @type {Record<string, unknown>[]} */
  const yAxis = [];
  /** @type {Record<string, unknown>[]} */
  const series = [];
  /** @type {Record<string, unknown>[]} */
  const title = [];
  let thinned = 0;

  const text = (/** @type {string} */ words, /** @type {Record<string, unknown>} */ more) => ({
    text: words,
    padding: 0,
    textStyle: {
      fontSize: small,
      fontWeight: 600,
      color: ink2,
      lineHeight: small * 1.45,
      fontFamily: token("--eb-font"),
    },
    ...more,
  });

  /** Words above a plot break to the width of the chart. @param {string} words @param {Record<string, unknown>} place */
  const broken = (words, place) => {
    const made = text(words, place);
    return widthOf(words, rem) > plan.room ? { ...made, textStyle: { ...made.textStyle, width: plan.room, overflow: "break" } } : made;
  };

  /** Names left of the axis break to its room. @param {number} middle @param {string} name */
  const side = (middle, name) => {
    const room = plan.left - 46 * rem;
    const long = Math.max(1, Math.ceil(widthOf(name, rem) / room));
    return {
      left: 2,
      top: middle - (small * 1.45 * (long + 1)) / 2,
      textStyle: { ...text("", {}).textStyle, width: room, overflow: "break" },
    };
  };

  const tick = { customValues: marks, lineStyle: { color: token("--eb-line2") } };
  const labels = {
    customValues: marks,
    color: ink3,
    fontSize: small,
    formatter: axisLabel(span),
    hideOverlap: true,
    rich: { day: { fontWeight: 700, color: ink, fontSize: small } },
  };
  plan.boxes.forEach((box, place) => {
    const plot = chart.plots[box.place];
    const last = place === plan.boxes.length - 1;
    const index = grid.length;
    const colour = token(`--eb-s${plot.series}`);
    grid.push({ left: plan.left, right: plan.right, top: box.top, height: box.height });
    xAxis.push({
      type: "value",
      gridIndex: index,
      min: chart.from,
      max: chart.to,
      axisLine: { show: true, onZero: false, lineStyle: { color: token("--eb-line2") } },
      axisTick: { ...tick, show: last && !box.strip },
      axisLabel: { ...labels, show: last && !box.strip },
      splitLine: { show: false },
      axisPointer: { show: true, snap: false, label: { show: false }, lineStyle: { color: ink3, type: [3, 3] } },
    });
    const range = scale(plot);
    yAxis.push({
      type: "value",
      gridIndex: index,
      ...range,
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: rule } },
      axisLabel: { color: ink3, fontSize: small, formatter: (/** @type {number} */ v) => v.toLocaleString("en-US") },
      axisPointer: { show: false },
    });
    title.push(
      plan.narrow
        ? broken(`${plot.name} ${plot.unit}`, { left: 4, top: box.top - (LINE * box.rows + ABOVE) * rem })
        : text(`${plot.name}\n${plot.unit}`, side(box.top + box.height / 2, `${plot.name}`)),
    );
    if (plot.note) {
      const tone = plot.noteTone ? token(`--eb-${plot.noteTone}-text`) : ink2;
      const note = broken(plot.note, { right: plan.right, top: box.top - (LINE * box.notes + (plan.narrow ? ABOVE : 2)) * rem });
      title.push({ ...note, textStyle: { ...note.textStyle, color: tone } });
    }
    const pairs = line(plot);
    const drawn = thin(pairs, MANY);
    if (drawn.length < pairs.length) thinned += plot.points.length;
    series.push({
      id: `plot-${place}`,
      name: plot.name,
      type: "line",
      xAxisIndex: index,
      yAxisIndex: index,
      data: drawn,
      showSymbol: false,
      connectNulls: false,
      animation: false,
      sampling: undefined,
      lineStyle: { color: colour, width: 2, type: DASH[/** @type {1} */ (plot.series)] ?? "solid" },
      itemStyle: { color: colour },
      areaStyle: plot.area ? { color: colour, opacity: 0.1 } : undefined,
      markArea: bands(chart, place === 0, { red, ink2, small }),
      markLine: limitLines(plot, { red, small, height: box.height, ...range }),
    });
    if (box.strip) strip(plot, box, { grid, xAxis, yAxis, series, title, plan, chart, small, rem, text, last, tick, labels });
  });

  return {
    thinned,
    option: {
      animation: false,
      textStyle: { fontFamily: token("--eb-font") },
      grid,
      xAxis,
      yAxis,
      series,
      title,
      axisPointer: { link: [{ xAxisIndex: "all" }], triggerOn: "mousemove|click" },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        backgroundColor: token("--eb-raised"),
        borderColor: token("--eb-line2"),
        textStyle: { color: ink, fontSize: small, lineHeight: small * 1.6 },
        formatter: (/** @type {{axisValue: number}[]} */ hits) => (hits.length ? sayAt(chart, hits[0].axisValue) : ""),
      },
    },
  };
}

/**
 * What stands at a moment, one line a plot.
 * @param {import("eb/chart-data").Chart} chart
 * @param {number} time
 */
export function sayAt(chart, time) {
  const lines = [];
  let head = beijing(time).full;
  for (const plot of chart.plots) {
    const point = pointAt(plot, time);
    if (point && point[1] > point[0]) {
      const [from, to] = [beijing(point[0]), beijing(point[1])];
      head = `${from.full}–${to.hour === 0 && to.minute === 0 ? "24:00" : to.time}`;
    } else if (point && lines.length === 0) head = beijing(point[0]).full;
    const flag = point && point[3] ? ` (${point[3]})` : "";
    const value = point && point[2] !== null ? `${write(point[2], plot.decimals)} ${plot.unit}`.trim() : say("chart.missing");
    lines.push(`${plot.name}  ${value}${flag}`);
    for (const limit of plot.limits) {
      if (time >= limit.from && time <= limit.to) lines.push(`  ${limit.words}${limit.source ? ` · ${limit.source}` : ""}`);
    }
  }
  for (const band of chart.bands) if (time >= band.from && time < band.to && band.words) lines.push(band.words);
  return [head, ...lines].join("\n");
}

/** Whether a band lies so far right that its label must end with it. @param {import("eb/chart-data").Chart} chart @param {import("eb/chart-data").Band} band */
function late(chart, band) {
  return (band.from + band.to) / 2 > chart.from + (chart.to - chart.from) * 0.8;
}

/** @param {import("eb/chart-data").Chart} chart @param {boolean} first @param {{red: string, ink2: string, small: number}} look */
function bands(chart, first, look) {
  if (!chart.bands.length) return undefined;
  return {
    silent: true,
    animation: false,
    data: chart.bands.map((band) => {
      const suspect = band.kind === "suspect";
      return [
        {
          xAxis: band.from,
          itemStyle: { color: token(suspect ? "--eb-suspect" : "--eb-gap") },
          label: {
            show: first && Boolean(band.words),
            formatter: band.words.replace(/[，,]\s*/g, "\n"),
            position: suspect ? (late(chart, band) ? "insideBottomRight" : "insideBottom") : "inside",
            color: suspect ? look.red : look.ink2,
            fontSize: look.small,
            fontWeight: 600,
            lineHeight: look.small * 1.4,
          },
        },
        { xAxis: band.to },
      ];
    }),
  };
}

/** @param {import("eb/chart-data").Plot} plot @param {{red: string, small: number, height: number, min: number, max: number}} look */
function limitLines(plot, look) {
  if (!plot.limits.length) return undefined;
  // Words over a line at the top of the plot would stand in the words above it.
  const high = (/** @type {number} */ value) => ((look.max - value) / (look.max - look.min || 1)) * look.height < look.small * 1.6;
  return {
    silent: true,
    animation: false,
    symbol: "none",
    data: plot.limits.map((limit) => [
      {
        coord: [limit.from, limit.value],
        lineStyle: { color: look.red, width: 1.7, type: [7, 4] },
        label: {
          show: true,
          formatter: limit.words,
          position: high(limit.value) ? "insideStartBottom" : "insideStartTop",
          color: look.red,
          fontSize: look.small,
          fontWeight: limit.judged ? 700 : 400,
          distance: [6, 3],
        },
      },
      { coord: [limit.to, limit.value] },
    ]),
  };
}

/** The flag strip under a plot: one bar a run, with letter and word. @param {any} plot @param {any} box @param {any} at */
function strip(plot, box, at) {
  const index = at.grid.length;
  const height = STRIP * at.rem;
  at.grid.push({ left: at.plan.left, right: at.plan.right, top: box.strip, height });
  at.xAxis.push({
    type: "value",
    gridIndex: index,
    min: at.chart.from,
    max: at.chart.to,
    axisLine: { show: false },
    axisTick: { ...at.tick, show: at.last },
    axisLabel: { ...at.labels, show: at.last },
    splitLine: { show: false },
    axisPointer: { show: true, label: { show: false }, lineStyle: { color: token("--eb-ink3"), type: [3, 3] } },
  });
  at.yAxis.push({ type: "value", gridIndex: index, min: 0, max: 1, show: false, axisPointer: { show: false } });
  const named = `${plot.name} ${say("chart.flag")}`;
  // A long name would lie over the strip; it stands beside the plot right above.
  const bare = at.plan.narrow || widthOf(named, at.rem) > at.plan.left - 6;
  at.title.push(
    at.text(bare ? say("chart.flag") : named, {
      left: 2,
      top: box.strip + (height - at.small * 1.45) / 2,
    }),
  );
  at.series.push({
    id: `flags-${box.place}`,
    type: "custom",
    xAxisIndex: index,
    yAxisIndex: index,
    silent: true,
    animation: false,
    clip: true,
    encode: { x: [0, 1], y: 2 },
    data: plot.flags.map((/** @type {import("eb/chart-data").Run} */ run) => [run.from, run.to, 0.5]),
    renderItem: (/** @type {any} */ params, /** @type {any} */ api) => {
      const run = plot.flags[params.dataIndex];
      const [x0] = api.coord([Math.max(api.value(0), at.chart.from), 0]);
      const [x1, y1] = api.coord([Math.min(api.value(1), at.chart.to), 1]);
      const wide = x1 - x0;
      const tone = FLAG_TONE[/** @type {"N"} */ (run.code)];
      const known = tone === "ok" ? ["--eb-ok-tint", "--eb-ok-line", "--eb-ok"] : [`--eb-${tone}-tint`, `--eb-${tone}-line`, `--eb-${tone}-text`];
      const [fill, edge, ink] = tone ? known : ["--eb-sunken", "--eb-ctl", "--eb-ink2"];
      const whole = `${run.code} ${run.words}`;
      const words = wide > whole.length * at.small * 0.85 ? whole : wide > at.small ? run.code : "";
      return {
        type: "group",
        children: [
          {
            type: "rect",
            shape: { x: x0 + 0.5, y: y1, width: Math.max(wide - 1, 1), height, r: 3 },
            style: { fill: token(fill), stroke: token(edge), lineWidth: 1 },
          },
          {
            type: "text",
            style: {
              text: words,
              x: x0 + wide / 2,
              y: y1 + height / 2,
              align: "center",
              verticalAlign: "middle",
              fill: token(ink),
              font: `600 ${at.small}px ${token("--eb-font")}`,
            },
          },
        ],
      };
    },
  });
}
