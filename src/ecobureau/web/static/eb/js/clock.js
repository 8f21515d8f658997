// <eb-clock data-due data-now data-warn data-label>: counts the rest of a limit by the server's time.
// [data-eb-now]: the clock of the top bar. One timer for the whole page.
// @ts-check
import { beijing, say, spanWords } from "eb/words";

/** Server time minus the time of this computer, in ms; set by the first element that knows the server's time. */
let offset = 0;
let known = false;
const loaded = performance.timeOrigin + performance.now();

/** @param {string | undefined} serverTime */
function learn(serverTime) {
  if (known || !serverTime) return;
  const at = Date.parse(serverTime);
  if (Number.isNaN(at)) return;
  offset = at - loaded;
  known = true;
}

/** The server's time as far as this page knows it, in ms. */
export function serverNow() {
  return performance.timeOrigin + performance.now() + offset;
}

class Clock extends HTMLElement {
  connectedCallback() {
    learn(this.dataset.now);
    running.add(this);
    this.draw();
    wake();
  }

  disconnectedCallback() {
    running.delete(this);
  }

  draw() {
    const due = Date.parse(this.dataset.due || "");
    const place = this.querySelector("[data-eb-text]");
    if (Number.isNaN(due) || !place) return;
    const left = due - serverNow();
    const late = left < 0;
    const words = say(late ? "clock.late" : "clock.left", { label: this.dataset.label || "", span: spanWords(left, !late) });
    if (place.textContent !== words) place.textContent = words;
    const warn = Date.parse(this.dataset.warn || "");
    const state = late ? "late" : !Number.isNaN(warn) && serverNow() >= warn ? "warn" : "normal";
    for (const name of ["normal", "warn", "late"]) this.classList.toggle(`eb-clock-${name}`, name === state);
  }
}

/** @type {Set<Clock>} */
const running = new Set();
let timer = 0;

function tick() {
  for (const clock of running) clock.draw();
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-eb-now]"))) {
    const text = place.querySelector("[data-eb-text]");
    const now = beijing(serverNow()).time;
    if (text && text.textContent !== now) text.textContent = now;
  }
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-eb-as-of]"))) age(place);
}

/** What is older than its limit says so: a page that gets no news must not look as if all were well. @param {HTMLElement} place */
function age(place) {
  const text = /** @type {HTMLElement | null} */ (place.querySelector("[data-eb-stale]"));
  const past = serverNow() - Date.parse(place.dataset.ebAsOf || "");
  const old = past > Number(place.dataset.limit) * 1000;
  if (!text || (!old && text.hidden)) return;
  text.hidden = !old;
  text.textContent = old ? say("stale.page", { span: spanWords(past, false) }) : "";
}

function wake() {
  if (timer) return;
  timer = window.setInterval(tick, 1000);
}

export function startClocks() {
  const top = /** @type {HTMLTimeElement | null} */ (document.querySelector("[data-eb-now]"));
  if (top) {
    learn(top.dateTime);
    wake();
  }
  customElements.define("eb-clock", Clock);
}
