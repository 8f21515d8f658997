// <eb-chart data-json="ID">: draws the chart over the table that stands inside it. Without this file the table is there.
// @ts-check
import * as echarts from "echarts";
import { csv, times } from "eb/chart-data";
import { layout, option, sayAt } from "eb/chart-option";
import { serverNow } from "eb/clock";
import { announce, beijing, button, hand, say, token } from "eb/words";

class Chart extends HTMLElement {
  /** @type {import("eb/chart-data").Chart | null} */
  chart = null;
  /** @type {echarts.ECharts | null} */
  drawing = null;
  /** @type {ResizeObserver | null} */
  sizes = null;
  /** @type {MutationObserver | null} */
  themes = null;
  cursor = -1;
  width = 0;

  connectedCallback() {
    const source = document.getElementById(this.dataset.json || "");
    const plot = /** @type {HTMLElement | null} */ (this.querySelector("[data-eb-plot]"));
    const table = /** @type {HTMLElement | null} */ (this.querySelector("[data-eb-table]"));
    if (!source || !plot || !table) return;
    this.chart = JSON.parse(source.textContent || "null");
    if (!this.chart) return;
    this.plot = plot;
    this.table = table;
    try {
      this.show();
    } catch (problem) {
      console.error("chart", problem);
      plot.hidden = true;
      table.hidden = false;
      const words = document.createElement("p");
      words.className = "eb-note eb-note-orange";
      words.textContent = say("chart.failed");
      table.before(words);
      this.dataset.ready = "table";
    }
  }

  disconnectedCallback() {
    this.sizes?.disconnect();
    this.themes?.disconnect();
    this.drawing?.dispose();
    this.drawing = null;
  }

  show() {
    const plot = /** @type {HTMLElement} */ (this.plot);
    const table = /** @type {HTMLElement} */ (this.table);
    plot.hidden = false;
    table.hidden = true;
    plot.tabIndex = 0;
    plot.setAttribute("role", "application");
    plot.setAttribute("aria-label", `${this.chart?.name} ${say("chart.cursor")}`);
    if (this.querySelector(`#${CSS.escape(this.id)}-summary`)) plot.setAttribute("aria-describedby", `${this.id}-summary`);
    this.tools();
    this.draw();
    plot.addEventListener("keydown", (event) => this.key(event));
    this.sizes = new ResizeObserver(() => {
      if (Math.abs(plot.clientWidth - this.width) > 1) this.draw();
    });
    this.sizes.observe(plot);
    this.themes = new MutationObserver(() => this.draw());
    this.themes.observe(document.documentElement, { attributeFilter: ["data-bs-theme", "data-eb-large"] });
    this.dataset.ready = "";
  }

  draw() {
    const plot = /** @type {HTMLElement} */ (this.plot);
    const chart = /** @type {import("eb/chart-data").Chart} */ (this.chart);
    if (plot.hidden || !plot.clientWidth) return;
    this.width = plot.clientWidth;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const plan = layout(chart, this.width, rem);
    plot.style.height = `${plan.height}px`;
    if (!this.drawing) this.drawing = echarts.init(plot, undefined, { renderer: "canvas" });
    this.drawing.resize({ width: this.width, height: plan.height });
    const made = option(chart, plan, this.width, rem);
    this.drawing.setOption(/** @type {any} */ (made.option), { notMerge: true });
    this.note(made.thinned ? say("chart.down", { total: made.thinned }) : "");
  }

  /** @param {string} words */
  note(words) {
    let place = this.querySelector("[data-eb-note]");
    if (!words) {
      place?.remove();
      return;
    }
    if (!place) {
      place = document.createElement("p");
      place.className = "eb-caption eb-chart-note";
      place.setAttribute("data-eb-note", "");
      this.plot?.after(place);
    }
    place.textContent = words;
  }

  tools() {
    const place = this.querySelector("[data-eb-tools]");
    if (!place) return;
    const table = button(say("chart.table"), "table", "eb-btn eb-btn-plain");
    table.setAttribute("aria-pressed", "false");
    table.addEventListener("click", () => {
      const shown = /** @type {HTMLElement} */ (this.table).hidden;
      /** @type {HTMLElement} */ (this.table).hidden = !shown;
      /** @type {HTMLElement} */ (this.plot).hidden = shown;
      table.setAttribute("aria-pressed", String(shown));
      if (!shown) this.draw();
    });
    const picture = button("PNG", "photo", "eb-btn eb-btn-plain");
    picture.setAttribute("aria-label", `PNG ${say("chart.png")}`);
    picture.addEventListener("click", () => this.picture());
    const sheet = button("CSV", "download", "eb-btn eb-btn-plain");
    sheet.setAttribute("aria-label", `CSV ${say("chart.csv")}`);
    sheet.addEventListener("click", () => this.sheet());
    place.append(table, picture, sheet);
  }

  /** @param {string} tail */
  file(tail) {
    const chart = /** @type {import("eb/chart-data").Chart} */ (this.chart);
    return `${chart.name.replace(/[\s/\\:·]+/g, "_")}_${beijing(chart.to).full.replace(/[: ]/g, "")}.${tail}`;
  }

  picture() {
    if (!this.drawing || !this.chart) return;
    const address = this.drawing.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: token("--eb-surface") });
    const image = new Image();
    image.onload = () => {
      const foot = 44;
      const canvas = document.createElement("canvas");
      canvas.width = image.width;
      canvas.height = image.height + foot;
      const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      pen.fillStyle = token("--eb-surface");
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, 0, 0);
      pen.fillStyle = token("--eb-ink2");
      pen.font = `24px ${token("--eb-font")}`;
      const made = `${say("chart.exported")} ${beijing(serverNow()).full}`;
      const chart = /** @type {import("eb/chart-data").Chart} */ (this.chart);
      pen.fillText([chart.name, chart.subtitle, chart.source, made].filter(Boolean).join(" · "), 12, image.height + 28);
      canvas.toBlob((blob) => blob && hand(this.file("png"), blob), "image/png");
    };
    image.src = address;
  }

  sheet() {
    if (!this.chart) return;
    const words = { time: say("chart.time"), flag: say("chart.flag"), source: say("chart.source"), made: say("chart.exported") };
    const text = csv(this.chart, (ms) => beijing(ms).full, words, serverNow());
    hand(this.file("csv"), new Blob([text], { type: "text/csv" }));
  }

  /** Keyboard cursor: left, right, Home, End. @param {KeyboardEvent} event */
  key(event) {
    if (!this.chart || !this.drawing) return;
    const all = times(this.chart);
    if (!all.length) return;
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12 };
    let next = this.cursor < 0 ? all.length : this.cursor;
    if (event.key in moves) next += moves[/** @type {"ArrowLeft"} */ (event.key)];
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = all.length - 1;
    else if (event.key === "Escape") {
      this.drawing.dispatchAction({ type: "hideTip" });
      return;
    } else return;
    event.preventDefault();
    this.cursor = Math.min(Math.max(next, 0), all.length - 1);
    const time = all[this.cursor];
    const x = this.drawing.convertToPixel({ xAxisIndex: 0 }, time + 1);
    const y = this.drawing.convertToPixel({ yAxisIndex: 0 }, 0);
    this.drawing.dispatchAction({ type: "showTip", x: Number(x), y: Number(y) - 20 });
    announce(sayAt(this.chart, time).replaceAll("\n", "；"));
  }
}

customElements.define("eb-chart", Chart);
