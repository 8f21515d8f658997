// Keyboard of the office pages. Single letters can be switched off, and are dead inside inputs (WCAG 2.1.4).
// A page gives an action its key with data-eb-key="d" on a link or button; cards move with J and K.
// @ts-check
import { announce, say } from "eb/words";

const STORE = "eb-keys-off";
const GO = { d: ["desk", "today", "board"], m: ["map"], t: ["tasks", "phone_tasks"], c: ["cases", "clues"] };
let waitingForPlace = 0;
/** Letter of the house → letter of this person, where they differ. @type {Record<string, string>} */
let own = {};

/** The house's letter for what was pressed; "" where the person gave it away. @param {string} key */
function ofHouse(key) {
  const moved = Object.entries(own).find(([, letter]) => letter === key);
  if (moved) return moved[0];
  return key in own ? "" : key;
}

/** The letters that stand on buttons are the person's own. */
function letterButtons() {
  for (const mark of document.querySelectorAll("[data-eb-key] kbd, [data-eb-open] kbd")) {
    const letter = (mark.textContent || "").toLowerCase();
    if (own[letter]) mark.textContent = own[letter].toUpperCase();
  }
}

function off() {
  return localStorage.getItem(STORE) === "1";
}

/** @param {EventTarget | null} target */
function inInput(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !/^(checkbox|radio|button|submit)$/.test(target.getAttribute("type") || "")
  );
}

/** @returns {HTMLElement[]} */
function cards() {
  return /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-eb-card], tr[data-eb-row]")]).filter(
    (card) => card.offsetParent !== null,
  );
}

/** @param {number} step */
function move(step) {
  const all = cards();
  if (!all.length) return false;
  const active = document.activeElement;
  let here = all.findIndex((card) => card.contains(active));
  if (here < 0) here = all.findIndex((card) => card.getAttribute("aria-current") === "true");
  const next = all[Math.min(Math.max(here + step, 0), all.length - 1)];
  const link = next.querySelector("a");
  (link ?? next).focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

/** @param {string} key */
function act(key) {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector(`dialog[data-eb-key-open="${key}"]`));
  if (dialog) {
    if (!dialog.open) dialog.showModal();
    return true;
  }
  const place = /** @type {HTMLElement | null} */ (document.querySelector(`[data-eb-key="${CSS.escape(key)}"]`));
  if (!place || place.matches(":disabled, [aria-disabled='true']")) return false;
  if (place instanceof HTMLInputElement && /^(text|search)$/.test(place.type)) place.focus();
  else place.click();
  return true;
}

/** @param {string} key */
function go(key) {
  for (const name of GO[/** @type {keyof typeof GO} */ (key)] ?? []) {
    const link = /** @type {HTMLAnchorElement | null} */ (document.querySelector(`[data-eb-nav="${name}"]`));
    if (link) {
      link.click();
      return true;
    }
  }
  return false;
}

/** @param {string} key */
function tickRow(key) {
  if (key !== "x") return false;
  const row = document.activeElement?.closest("tr[data-eb-row]");
  const box = /** @type {HTMLInputElement | null} */ (row?.querySelector("input[type=checkbox]") ?? null);
  if (!box) return false;
  box.click();
  return true;
}

/** Ctrl+Enter (⌘+Enter) in a field hands its form in, by the form's own main button. @param {KeyboardEvent} event */
function handsIn(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !inInput(event.target)) return false;
  const form = /** @type {HTMLElement} */ (event.target).closest("form");
  const main = /** @type {HTMLButtonElement | null} */ (form?.querySelector("button[type=submit]") ?? null);
  if (!form || form.method !== "post" || !main || main.disabled) return false;
  form.requestSubmit(main);
  return true;
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (handsIn(event)) return event.preventDefault();
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || inInput(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (off()) return;
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const key = ofHouse(pressed);
  let done = false;
  if (waitingForPlace && event.timeStamp - waitingForPlace < 1500 && pressed in GO) {
    waitingForPlace = 0;
    done = go(pressed);
  } else if (key === "g") {
    waitingForPlace = event.timeStamp;
    return;
  } else if (key === "/") {
    const search = document.getElementById("eb-search");
    search?.focus();
    done = Boolean(search);
  } else if (key === "j" || key === "k") {
    done = move(key === "j" ? 1 : -1);
  } else if (key === "?") {
    /** @type {HTMLDialogElement | null} */ (document.getElementById("eb-keys-help"))?.showModal();
    done = true;
  } else if (key.length === 1) {
    done = tickRow(key) || act(key);
  }
  waitingForPlace = 0;
  if (done) event.preventDefault();
}

function drawSwitch() {
  const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-eb-keys-switch]"));
  if (!place) return;
  place.setAttribute("aria-pressed", String(off()));
  place.textContent = say(off() ? "keys.on" : "keys.off");
}

export function startKeys() {
  own = JSON.parse(document.body.dataset.keys || "{}");
  letterButtons();
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", (event) => {
    if (!(/** @type {Element} */ (event.target).closest("[data-eb-keys-switch]"))) return;
    localStorage.setItem(STORE, off() ? "0" : "1");
    drawSwitch();
    announce(say(off() ? "keys.off" : "keys.on"));
  });
  drawSwitch();
}
