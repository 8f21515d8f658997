// What every drawn island shares: it reads its data, draws over the table that stands inside it, folds the table away, draws
// anew when its width, the theme or the large type changes, is walked by keyboard, and is taken along as a picture. Where
// drawing fails the table stays. A kind of drawing extends Plot and says what to draw.
// @ts-check
import * as echarts from "echarts";
import { serverNow } from "eb/clock";
import { announce, beijing, button, hand, say, token } from "eb/words";

/** One line of text under a picture, in its pixels. */
const FOOT_LINE = 38;
const MOVES = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12 };

/** @template {{name: string}} Data */
export class Plot extends HTMLElement {
  /** @type {Data | null} */
  data = null;
  /** @type {echarts.ECharts | null} */
  drawing = null;
  /** @type {ResizeObserver | null} */
  sizes = null;
  /** @type {MutationObserver | null} */
  themes = null;
  cursor = -1;
  width = 0;
  /** Whether the picture stays where it is while the table is shown. */
  both = false;

  connectedCallback() {
    const source = document.getElementById(this.dataset.json || "");
    const plot = /** @type {HTMLElement | null} */ (this.querySelector("[data-eb-plot]"));
    const table = /** @type {HTMLElement | null} */ (this.querySelector("[data-eb-table]"));
    if (!source || !plot || !table) return;
    this.data = JSON.parse(source.textContent || "null");
    if (!this.data) return;
    this.plot = plot;
    this.table = table;
    try {
      this.show();
    } catch (problem) {
      console.error(this.localName, problem);
      this.fail();
    }
  }

  disconnectedCallback() {
    this.sizes?.disconnect();
    this.themes?.disconnect();
    this.drawing?.dispose();
    this.drawing = null;
  }

  /** The table says it instead. */
  fail() {
    const table = /** @type {HTMLElement} */ (this.table);
    /** @type {HTMLElement} */ (this.plot).hidden = true;
    table.hidden = false;
    const words = document.createElement("p");
    words.className = "eb-note eb-note-orange";
    words.textContent = say("chart.failed");
    table.before(words);
    this.dataset.ready = "table";
  }

  show() {
    const plot = /** @type {HTMLElement} */ (this.plot);
    plot.tabIndex = 0;
    plot.setAttribute("role", "application");
    plot.setAttribute("aria-label", `${this.data?.name} ${say("chart.cursor")}`);
    if (this.querySelector(`#${CSS.escape(this.id)}-summary`)) plot.setAttribute("aria-describedby", `${this.id}-summary`);
    const place = this.querySelector("[data-eb-tools]");
    if (place) place.append(...this.tools());
    this.fold(true);
    plot.addEventListener("keydown", (event) => this.key(event));
    this.sizes = new ResizeObserver(() => {
      if (Math.abs(plot.clientWidth - this.width) > 1) this.draw();
    });
    this.sizes.observe(plot);
    this.themes = new MutationObserver(() => this.draw());
    this.themes.observe(document.documentElement, { attributeFilter: ["data-bs-theme", "data-eb-large"] });
    this.dataset.ready = "";
  }

  /** Hide or show the table. @param {boolean} hidden */
  fold(hidden) {
    /** @type {HTMLElement} */ (this.table).hidden = hidden;
    /** @type {HTMLElement} */ (this.plot).hidden = !hidden && !this.both;
    this.toggle?.setAttribute("aria-pressed", String(!hidden));
    if (hidden || this.both) this.draw();
  }

  draw() {
    const plot = /** @type {HTMLElement} */ (this.plot);
    if (plot.hidden || !plot.clientWidth) return;
    this.width = plot.clientWidth;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const made = this.made(this.width, rem);
    plot.style.height = `${made.height}px`;
    if (!this.drawing) this.drawing = echarts.init(plot, undefined, { renderer: "canvas" });
    this.drawing.resize({ width: this.width, height: made.height });
    this.drawing.setOption(/** @type {any} */ (made.option), { notMerge: true });
  }

  /** @returns {HTMLElement[]} */
  tools() {
    this.toggle = button(say("chart.table"), "table", "eb-btn eb-btn-plain");
    this.toggle.addEventListener("click", () => this.fold(!(/** @type {HTMLElement} */ (this.table).hidden)));
    const picture = button("PNG", "photo", "eb-btn eb-btn-plain");
    picture.setAttribute("aria-label", `PNG ${say("chart.png")}`);
    picture.addEventListener("click", () => this.picture());
    return [this.toggle, picture];
  }

  picture() {
    if (!this.drawing || !this.data) return;
    const address = this.drawing.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: token("--eb-surface") });
    const lines = this.lines(`${say("chart.exported")} ${beijing(serverNow()).full}`);
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = image.width;
      canvas.height = image.height + 6 + FOOT_LINE * lines.length;
      const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      pen.fillStyle = token("--eb-surface");
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, 0, 0);
      pen.fillStyle = token("--eb-ink2");
      pen.font = `24px ${token("--eb-font")}`;
      lines.forEach((line, at) => pen.fillText(line, 12, image.height + 28 + FOOT_LINE * at));
      canvas.toBlob((blob) => blob && hand(`${this.stem()}.png`, blob), "image/png");
    };
    image.src = address;
  }

  /** What its files are called, without the ending. @returns {string} */
  stem() {
    return (this.data?.name ?? "").replace(/[\s/\\:·]+/g, "_");
  }

  /** Keyboard cursor: arrows, Page Up and Down, Home, End. @param {KeyboardEvent} event */
  key(event) {
    if (!this.data || !this.drawing) return;
    const many = this.many();
    if (!many) return;
    let next = this.cursor < 0 ? this.start(many) : this.cursor;
    if (event.key in MOVES) next += MOVES[/** @type {keyof typeof MOVES} */ (event.key)];
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = many - 1;
    else if (event.key === "Escape") {
      this.drawing.dispatchAction({ type: "hideTip" });
      return;
    } else return;
    event.preventDefault();
    this.cursor = Math.min(Math.max(next, 0), many - 1);
    this.drawing.dispatchAction(this.tip(this.cursor));
    announce(this.words(this.cursor).replaceAll("\n", "；"));
  }

  /** Where the cursor stands before its first move. @param {number} _many */
  start(_many) {
    return -1;
  }

  // What a kind of drawing says.

  /** What to draw at a width. @param {number} _width @param {number} _rem @returns {{height: number, option: unknown}} */
  made(_width, _rem) {
    throw new Error("made");
  }

  /** How many places the cursor walks. @returns {number} */
  many() {
    return 0;
  }

  /** What shows the tip of a place. @param {number} place @returns {any} */
  tip(place) {
    return { type: "showTip", seriesIndex: 0, dataIndex: place };
  }

  /** What is said of a place. @param {number} _place @returns {string} */
  words(_place) {
    return "";
  }

  /** The lines under the picture. @param {string} made when it was made @returns {string[]} */
  lines(made) {
    return [this.data?.name ?? "", made];
  }
}
