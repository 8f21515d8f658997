// <eb-chart data-json="ID">: draws the chart over the table that stands inside it. Without this file the table is there.
// @ts-check
import { csv, times } from "eb/chart-data";
import { layout, option, sayAt } from "eb/chart-option";
import { serverNow } from "eb/clock";
import { Plot } from "eb/plot";
import { beijing, button, hand, say } from "eb/words";

/** @extends {Plot<import("eb/chart-data").Chart>} */
class Chart extends Plot {
  get chart() {
    return /** @type {import("eb/chart-data").Chart} */ (this.data);
  }

  /** @param {number} width @param {number} rem */
  made(width, rem) {
    const plan = layout(this.chart, width, rem);
    const found = option(this.chart, plan, width, rem);
    this.note(found.thinned ? say("chart.down", { total: found.thinned }) : "");
    return { height: plan.height, option: found.option };
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
    const sheet = button("CSV", "download", "eb-btn eb-btn-plain");
    sheet.setAttribute("aria-label", `CSV ${say("chart.csv")}`);
    sheet.addEventListener("click", () => this.sheet());
    return [...super.tools(), sheet];
  }

  stem() {
    return `${super.stem()}_${beijing(this.chart.to).full.replace(/[: ]/g, "")}`;
  }

  /** @param {string} made */
  lines(made) {
    return [[this.chart.name, this.chart.subtitle, this.chart.source, made].filter(Boolean).join(" · ")];
  }

  sheet() {
    const words = { time: say("chart.time"), flag: say("chart.flag"), source: say("chart.source"), made: say("chart.exported") };
    const text = csv(this.chart, (ms) => beijing(ms).full, words, serverNow());
    hand(`${this.stem()}.csv`, new Blob([text], { type: "text/csv" }));
  }

  many() {
    return times(this.chart).length;
  }

  /** @param {number} many */
  start(many) {
    return many;
  }

  /** @param {number} place */
  tip(place) {
    const x = this.drawing?.convertToPixel({ xAxisIndex: 0 }, times(this.chart)[place] + 1);
    const y = this.drawing?.convertToPixel({ yAxisIndex: 0 }, 0);
    return { type: "showTip", x: Number(x), y: Number(y) - 20 };
  }

  /** @param {number} place */
  words(place) {
    return sayAt(this.chart, times(this.chart)[place]);
  }
}

customElements.define("eb-chart", Chart);
