// From the numbers of an analysis to what ECharts draws, by the rules of the house. Reads the tokens of the page.
// @ts-check
import { say, token } from "eb/words";

/**
 * @typedef {{name: string, values: (number | null)[], series: number, dash?: boolean, dots?: boolean}} Line
 * @typedef {{name: string, low: (number | null)[], high: (number | null)[]}} Band
 * @typedef {{name: string, values: (number | null)[]}} Stack
 * @typedef {{kind: "lines" | "boxes" | "rose", name: string, unit: string, zero?: boolean, steps?: boolean, digits: number,
 *   labels: string[], lines?: Line[], band?: Band, boxes?: ([number, number, number, number, number] | null)[],
 *   dots?: [number, number][], means?: (number | null)[], mean?: string, stacks?: Stack[]}} Figure
 */

/** Colours of stacked parts, from weak to strong wind. */
const RAMP = ["--eb-s4", "--eb-s1", "--eb-s5", "--eb-s3", "--eb-s6", "--eb-s2"];

/** @param {number | null | undefined} value @param {Figure} figure */
function write(value, figure) {
  if (value === null || value === undefined) return say("chart.missing");
  const text = value.toLocaleString("en-US", { minimumFractionDigits: figure.digits, maximumFractionDigits: figure.digits });
  return `${text} ${figure.unit}`.trim();
}

/** What stands at a place of the axis, one line each. @param {Figure} figure @param {number} at */
export function sayPlace(figure, at) {
  const out = [figure.labels[at] ?? ""];
  for (const line of figure.lines ?? []) out.push(`${line.name}  ${write(line.values[at], figure)}`);
  if (figure.band) {
    const [low, high] = [figure.band.low[at], figure.band.high[at]];
    out.push(`${figure.band.name}  ${low === null || high === null ? say("chart.missing") : `${write(low, figure)} – ${write(high, figure)}`}`);
  }
  const box = figure.boxes?.[at];
  if (figure.boxes) out.push(box ? box.map((one) => one.toFixed(figure.digits)).join(" · ") + ` ${figure.unit}` : say("chart.missing"));
  if (figure.means) out.push(`${figure.mean}  ${write(figure.means[at], figure)}`);
  for (const stack of figure.stacks ?? []) out.push(`${stack.name}  ${write(stack.values[at], figure)}`);
  return out.join("\n");
}

/**
 * @param {Figure} figure
 * @param {number} width
 * @param {number} rem size of 1 rem over 16 px
 * @returns {{height: number, option: Record<string, unknown>}}
 */
export function option(figure, width, rem) {
  const small = 12 * rem;
  const look = { small, ink: token("--eb-ink"), ink2: token("--eb-ink2"), ink3: token("--eb-ink3"), rule: token("--eb-line"), edge: token("--eb-line2") };
  const made = figure.kind === "rose" ? rose(figure, width, rem, look) : plane(figure, width, rem, look);
  return {
    height: made.height,
    option: {
      animation: false,
      textStyle: { fontFamily: token("--eb-font"), fontSize: small, color: look.ink2 },
      legend: {
        type: "plain",
        top: 0,
        left: "center",
        itemGap: 14,
        selectedMode: false,
        textStyle: { color: look.ink2, fontSize: small },
        data: made.legend,
      },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        backgroundColor: token("--eb-raised"),
        borderColor: look.edge,
        textStyle: { color: look.ink, fontSize: small, lineHeight: small * 1.6 },
        formatter: (/** @type {{dataIndex: number}[]} */ hits) => (hits.length ? sayPlace(figure, hits[0].dataIndex) : ""),
      },
      ...made.option,
    },
  };
}

/** Lines and boxes on a plane. @param {Figure} figure @param {number} width @param {number} rem @param {any} look */
function plane(figure, width, rem, look) {
  /** @type {Record<string, unknown>[]} */
  const series = [];
  /** @type {Record<string, unknown>[]} */
  const legend = [];
  if (figure.band) series.push(band(figure, figure.band));
  for (const line of figure.lines ?? []) {
    const colour = token(`--eb-s${line.series}`);
    series.push({
      name: line.name,
      type: "line",
      data: line.values,
      connectNulls: false,
      step: figure.steps ? "middle" : false,
      showSymbol: Boolean(line.dots),
      symbol: "circle",
      symbolSize: 5,
      // A value between two gaps has no line; it must still be seen.
      showAllSymbol: true,
      lineStyle: { color: colour, width: 2, type: line.dash ? [6, 4] : "solid" },
      itemStyle: { color: colour },
      z: 4,
    });
    legend.push({ name: line.name });
  }
  if (figure.band) legend.unshift({ name: figure.band.name, icon: "roundRect", itemStyle: { color: token("--eb-s1"), opacity: 0.3 } });
  if (figure.boxes) boxes(figure, series, legend, rem);
  const rows = Math.ceil(legend.length / Math.max(1, Math.floor(width / (190 * rem))));
  const top = (rows * 22 + 26) * rem;
  const rotate = figure.kind === "boxes" && figure.labels.some((one) => one.length > 8) ? 40 : 0;
  const foot = (rotate ? 92 : 30) * rem;
  return {
    height: Math.round(top + foot + (width < 560 ? 230 : 320) * rem),
    legend,
    option: {
      grid: { left: 8, right: 26 * rem, top, bottom: 8, containLabel: true },
      xAxis: {
        type: "category",
        data: figure.labels,
        boundaryGap: figure.kind === "boxes" || Boolean(figure.steps),
        axisLine: { onZero: false, lineStyle: { color: look.edge } },
        axisTick: { show: false },
        axisLabel: { color: look.ink3, fontSize: look.small, hideOverlap: true, alignMaxLabel: figure.kind === "boxes" || figure.steps ? null : "right", rotate, width: 110 * rem, overflow: "truncate" },
      },
      yAxis: {
        type: "value",
        name: figure.unit,
        nameTextStyle: { color: look.ink2, fontSize: look.small, align: "left", fontWeight: 600 },
        scale: !figure.zero,
        splitNumber: 4,
        splitLine: { lineStyle: { color: look.rule } },
        axisLabel: { color: look.ink3, fontSize: look.small, formatter: (/** @type {number} */ v) => v.toLocaleString("en-US") },
      },
      series,
    },
  };
}

/** The middle half as an area, one block a class, so that gaps stay gaps. @param {Figure} figure @param {Band} range */
function band(figure, range) {
  return {
    name: range.name,
    type: "custom",
    data: figure.labels.map((_, at) => [at, range.low[at], range.high[at]]),
    encode: { x: 0, y: [1, 2] },
    silent: true,
    z: 1,
    itemStyle: { color: token("--eb-s1") },
    renderItem: (/** @type {any} */ params, /** @type {any} */ api) => {
      const [low, high] = [range.low[params.dataIndex], range.high[params.dataIndex]];
      if (low === null || high === null || low === undefined || high === undefined) return null;
      const [x, bottom] = api.coord([params.dataIndex, low]);
      const [, top] = api.coord([params.dataIndex, high]);
      const wide = api.size([1, 0])[0];
      return {
        type: "rect",
        shape: { x: x - wide / 2, y: top, width: wide, height: Math.max(bottom - top, 1) },
        style: { fill: token("--eb-s1"), opacity: 0.18 },
      };
    },
  };
}

/** @param {Figure} figure @param {Record<string, unknown>[]} series @param {Record<string, unknown>[]} legend @param {number} rem */
function boxes(figure, series, legend, rem) {
  const colour = token("--eb-s1");
  const given = figure.boxes ?? [];
  series.push({
    name: figure.name,
    type: "boxplot",
    data: given.map((one) => one ?? ["-", "-", "-", "-", "-"]),
    boxWidth: [6, 34 * rem],
    itemStyle: { color: token("--eb-primary-tint"), borderColor: colour, borderWidth: 1.5 },
  });
  if (figure.dots?.length)
    series.push({ type: "scatter", name: "", data: figure.dots, symbolSize: 4, silent: true, itemStyle: { color: token("--eb-ink3"), opacity: 0.75 } });
  if (figure.means) {
    const tone = token("--eb-s3");
    series.push({ type: "scatter", name: figure.mean, data: figure.means, symbol: "diamond", symbolSize: 9, z: 5, itemStyle: { color: tone } });
    legend.push({ name: figure.mean, icon: "diamond", itemStyle: { color: tone } });
  }
}

/** Bars around a circle, north up, clockwise. @param {Figure} figure @param {number} width @param {number} rem @param {any} look */
function rose(figure, width, rem, look) {
  const stacks = figure.stacks ?? [];
  const several = stacks.length > 1;
  const legend = several ? stacks.map((stack, at) => ({ name: stack.name, icon: "roundRect", itemStyle: { color: token(RAMP[at % RAMP.length]) } })) : [];
  const rows = Math.ceil(legend.length / Math.max(1, Math.floor(width / (130 * rem))));
  const size = Math.min(width - 24, 430 * rem);
  const top = (rows * 22 + 10) * rem;
  const radius = size / 2 - 30 * rem;
  const short = width < 560;
  const largest = Math.max(...figure.labels.map((_, at) => stacks.reduce((sum, stack) => sum + (stack.values[at] ?? 0), 0)), 0);
  return {
    height: Math.round(top + size),
    legend,
    option: {
      title: {
        text: figure.unit,
        left: width / 2 + radius * 0.62,
        top: top - 6 * rem,
        textStyle: { fontSize: look.small, color: look.ink2, fontWeight: 600 },
      },
      polar: { center: ["50%", top + size / 2], radius },
      angleAxis: {
        type: "category",
        data: figure.labels,
        // The first sector is centred on north.
        startAngle: 90 + 180 / figure.labels.length,
        clockwise: true,
        axisLine: { lineStyle: { color: look.edge } },
        axisTick: { show: false },
        splitLine: { show: false },
        axisLabel: { color: look.ink2, fontSize: look.small, interval: short ? 1 : 0 },
      },
      radiusAxis: {
        type: "value",
        min: 0,
        max: largest > 0 ? undefined : 1,
        splitNumber: 4,
        axisLine: { show: false },
        axisTick: { show: false },
        splitLine: { lineStyle: { color: look.rule } },
        axisLabel: { color: look.ink2, fontSize: look.small, formatter: (/** @type {number} */ v) => v.toLocaleString("en-US"), textBorderColor: token("--eb-surface"), textBorderWidth: 3 },
        z: 6,
      },
      series: stacks.map((stack, at) => ({
        name: stack.name,
        type: "bar",
        coordinateSystem: "polar",
        stack: "all",
        barCategoryGap: "10%",
        data: stack.values.map((value) => value ?? "-"),
        itemStyle: { color: token(several ? RAMP[at % RAMP.length] : "--eb-s1"), borderColor: token("--eb-surface"), borderWidth: 0.7 },
      })),
    },
  };
}
