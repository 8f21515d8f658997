// <eb-outline data-json="ID" data-for="ID of a textarea">: draw a polygon over the outlines around it. A click adds a
// corner, a drag moves one, Delete takes the chosen one away, arrow keys move it. The polygon stands as GeoJSON in the
// textarea, which stays the thing that is sent: without this script it is filled in by hand.
// @ts-check
import { button, say } from "eb/words";

const SVG = "http://www.w3.org/2000/svg";
const SIZE = 1000;
/** @typedef {[number, number]} Point */

/** @param {string} name @param {Record<string, string>} attributes */
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

class Outline extends HTMLElement {
  /** @type {Point[]} */
  points = [];
  chosen = -1;
  dragged = -1;

  connectedCallback() {
    if (this.svg) return;
    const given = JSON.parse(document.getElementById(this.dataset.json || "")?.textContent || "{}");
    this.area = /** @type {HTMLTextAreaElement | null} */ (document.getElementById(this.dataset.for || ""));
    this.points = given.points ?? [];
    this.fit([...(given.around ?? []).flat(), ...this.points]);
    this.svg = /** @type {SVGSVGElement} */ (
      shape("svg", { viewBox: `0 0 ${SIZE} ${this.high}`, class: "eb-outline-board", role: "application" })
    );
    this.svg.setAttribute("aria-label", say("outline.label"));
    this.svg.setAttribute("tabindex", "0");
    for (const ring of given.around ?? []) {
      this.svg.append(shape("path", { d: this.path(ring), class: "eb-outline-around" }));
    }
    this.line = shape("path", { class: "eb-outline-line" });
    this.dots = shape("g", {});
    this.svg.append(this.line, this.dots);
    const tools = document.createElement("div");
    tools.className = "eb-row";
    const clear = button(say("outline.clear"), "trash", "eb-btn");
    clear.addEventListener("click", () => this.set([]));
    const undo = button(say("outline.undo"), "arrow-back-up", "eb-btn");
    undo.addEventListener("click", () => this.set(this.points.slice(0, -1)));
    this.count = document.createElement("span");
    this.count.className = "eb-caption";
    this.count.setAttribute("role", "status");
    tools.append(undo, clear, this.count);
    this.append(this.svg, tools);
    this.listen();
    this.draw();
    this.dataset.ready = "";
  }

  /** @param {Point[]} all */
  fit(all) {
    const around = all.length ? all : /** @type {Point[]} */ ([[113.6, 29.9], [115.1, 31.4]]);
    const lons = around.map((point) => point[0]);
    const lats = around.map((point) => point[1]);
    const edge = Math.max(Math.max(...lons) - Math.min(...lons), 0.001) * 0.05;
    this.west = Math.min(...lons) - edge;
    this.north = Math.max(...lats) + edge;
    this.narrow = Math.cos((this.north * Math.PI) / 180);
    this.scale = SIZE / ((Math.max(...lons) + edge - this.west) * this.narrow);
    this.high = Math.round((this.north - Math.min(...lats) + edge) * this.scale);
  }

  /** @param {Point} point @returns {Point} */
  there([lon, lat]) {
    const { west = 0, north = 0, narrow = 1, scale = 1 } = this;
    return [(lon - west) * narrow * scale, (north - lat) * scale];
  }

  /** @param {PointerEvent | MouseEvent} event @returns {Point} */
  here(event) {
    const { west = 0, north = 0, narrow = 1, scale = 1 } = this;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg?.getScreenCTM()?.inverse());
    return [Number((west + at.x / narrow / scale).toFixed(6)), Number((north - at.y / scale).toFixed(6))];
  }

  /** @param {Point[]} ring */
  path(ring) {
    return ring.length ? `M${ring.map((point) => this.there(point).map((n) => n.toFixed(1)).join()).join("L")}Z` : "";
  }

  listen() {
    this.svg?.addEventListener("pointerdown", (event) => {
      const dot = /** @type {Element} */ (event.target).closest("circle");
      this.chosen = dot ? Number(dot.getAttribute("data-place")) : this.points.length;
      if (!dot) this.points.push(this.here(event));
      this.dragged = this.chosen;
      this.svg?.setPointerCapture(event.pointerId);
      this.draw();
    });
    this.svg?.addEventListener("pointermove", (event) => {
      if (this.dragged < 0) return;
      this.points[this.dragged] = this.here(event);
      this.draw();
    });
    this.svg?.addEventListener("pointerup", () => {
      this.dragged = -1;
      this.write();
    });
    this.svg?.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = 10 / (this.scale ?? 1);
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const move = /** @type {Record<string, number[]>} */ (moves)[event.key];
    const point = this.points[this.chosen];
    if (move && point) {
      this.points[this.chosen] = [Number((point[0] + move[0]).toFixed(6)), Number((point[1] + move[1]).toFixed(6))];
    } else if ((event.key === "Delete" || event.key === "Backspace") && point) {
      this.points.splice(this.chosen, 1);
      this.chosen = Math.min(this.chosen, this.points.length - 1);
    } else if (event.key === "n" && this.points.length) this.chosen = (this.chosen + 1) % this.points.length;
    else return;
    event.preventDefault();
    this.set(this.points);
  }

  /** @param {Point[]} points */
  set(points) {
    this.points = points;
    this.chosen = Math.min(this.chosen, points.length - 1);
    this.draw();
    this.write();
  }

  write() {
    if (!this.area) return;
    const ring = this.points.length > 2 ? [...this.points, this.points[0]] : [];
    this.area.value = ring.length ? JSON.stringify({ type: "Polygon", coordinates: [ring] }) : "";
  }

  draw() {
    this.line?.setAttribute("d", this.path(this.points));
    this.dots?.replaceChildren(
      ...this.points.map((point, place) => {
        const [x, y] = this.there(point);
        const kind = place === this.chosen ? "eb-outline-dot eb-outline-chosen" : "eb-outline-dot";
        return shape("circle", { cx: `${x}`, cy: `${y}`, r: "9", class: kind, "data-place": `${place}` });
      }),
    );
    if (this.count) this.count.textContent = say("outline.count", { n: this.points.length });
  }
}

customElements.define("eb-outline", Outline);
