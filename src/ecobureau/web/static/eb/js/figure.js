// <eb-figure data-json="ID">: draws an analysis (lines, boxes, roses) over the table that stands inside it.
// @ts-check
import * as echarts from "echarts";
import { option, sayPlace } from "eb/figure-option";
import { serverNow } from "eb/clock";
import { announce, beijing, button, hand, say, token } from "eb/words";

class Figure extends HTMLElement {
  /** @type {import("eb/figure-option").Figure | null} */
  figure = null;
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
    this.figure = JSON.parse(source.textContent || "null");
    if (!this.figure) return;
    this.plot = plot;
    this.table = table;
    try {
      this.show();
    } catch (problem) {
      console.error("figure", problem);
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
    const figure = /** @type {import("eb/figure-option").Figure} */ (this.figure);
    plot.hidden = false;
    plot.tabIndex = 0;
    plot.setAttribute("role", "application");
    plot.setAttribute("aria-label", `${figure.name} ${say("chart.cursor")}`);
    plot.setAttribute("aria-describedby", `${this.id}-summary`);
    this.tools();
    this.fold(true);
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

  /** Hide or show the table; the picture stays. @param {boolean} hidden */
  fold(hidden) {
    /** @type {HTMLElement} */ (this.table).hidden = hidden;
    this.toggle?.setAttribute("aria-pressed", String(!hidden));
  }

  draw() {
    const plot = /** @type {HTMLElement} */ (this.plot);
    const figure = /** @type {import("eb/figure-option").Figure} */ (this.figure);
    if (!plot.clientWidth) return;
    this.width = plot.clientWidth;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const made = option(figure, this.width, rem);
    plot.style.height = `${made.height}px`;
    if (!this.drawing) this.drawing = echarts.init(plot, undefined, { renderer: "canvas" });
    this.drawing.resize({ width: this.width, height: made.height });
    this.drawing.setOption(/** @type {any} */ (made.option), { notMerge: true });
  }

  tools() {
    const place = this.querySelector("[data-eb-tools]");
    if (!place) return;
    this.toggle = button(say("chart.table"), "table", "eb-btn eb-btn-plain");
    this.toggle.addEventListener("click", () => this.fold(!(/** @type {HTMLElement} */ (this.table).hidden)));
    const picture = button("PNG", "photo", "eb-btn eb-btn-plain");
    picture.setAttribute("aria-label", `PNG ${say("chart.png")}`);
    picture.addEventListener("click", () => this.picture());
    place.append(this.toggle, picture);
  }

  picture() {
    if (!this.drawing || !this.figure) return;
    const name = this.figure.name;
    const under = this.querySelector(".eb-caption")?.textContent ?? "";
    const address = this.drawing.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: token("--eb-surface") });
    const image = new Image();
    image.onload = () => {
      const foot = 84;
      const canvas = document.createElement("canvas");
      canvas.width = image.width;
      canvas.height = image.height + foot;
      const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      pen.fillStyle = token("--eb-surface");
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, 0, 0);
      pen.fillStyle = token("--eb-ink2");
      pen.font = `24px ${token("--eb-font")}`;
      pen.fillText(`${name} · ${under}`, 12, image.height + 28);
      pen.fillText(`${say("chart.exported")} ${beijing(serverNow()).full}`, 12, image.height + 66);
      canvas.toBlob((blob) => blob && hand(`${name.replace(/[\s/\\:·]+/g, "_")}.png`, blob), "image/png");
    };
    image.src = address;
  }

  /** Keyboard cursor over the labels: arrows, Home, End. @param {KeyboardEvent} event */
  key(event) {
    if (!this.figure || !this.drawing) return;
    const many = this.figure.labels.length;
    if (!many) return;
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12 };
    let next = this.cursor;
    if (event.key in moves) next += moves[/** @type {"ArrowLeft"} */ (event.key)];
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = many - 1;
    else if (event.key === "Escape") {
      this.drawing.dispatchAction({ type: "hideTip" });
      return;
    } else return;
    event.preventDefault();
    this.cursor = Math.min(Math.max(next, 0), many - 1);
    this.drawing.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: this.cursor });
    announce(sayPlace(this.figure, this.cursor).replaceAll("\n", "；"));
  }
}

customElements.define("eb-figure", Figure);
