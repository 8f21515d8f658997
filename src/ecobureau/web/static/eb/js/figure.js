// <eb-figure data-json="ID">: draws an analysis (lines, boxes, roses) over the table that stands inside it.
// @ts-check
import { option, sayPlace } from "eb/figure-option";
import { Plot } from "eb/plot";

/** @extends {Plot<import("eb/figure-option").Figure>} */
class Figure extends Plot {
  both = true;

  /** @param {number} width @param {number} rem */
  made(width, rem) {
    return option(this.figure, width, rem);
  }

  get figure() {
    return /** @type {import("eb/figure-option").Figure} */ (this.data);
  }

  many() {
    return this.figure.labels.length;
  }

  /** @param {number} place */
  words(place) {
    return sayPlace(this.figure, place);
  }

  /** @param {string} made */
  lines(made) {
    return [`${this.figure.name} · ${this.querySelector(".eb-caption")?.textContent ?? ""}`, made];
  }
}

customElements.define("eb-figure", Figure);
