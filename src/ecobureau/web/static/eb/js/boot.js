// First script of every page: small behaviours at once, islands when the page has one.
// @ts-check
import { startClocks } from "eb/clock";
import { startKeys } from "eb/keys";

/** Islands that load only where they stand. @type {Record<string, string>} */
const ISLANDS = {
  "eb-chart": "eb/chart",
  "eb-figure": "eb/figure",
  "eb-map": "eb/map",
  "eb-photo": "eb/photo",
  "eb-queue": "eb/queue",
  "eb-visit": "eb/visit",
  "eb-voice": "eb/voice",
  "eb-live": "eb/live",
  "eb-presence": "eb/presence",
  "eb-alarm": "eb/alarm",
  "eb-outline": "eb/outline",
};
const loading = new Set();

/** @param {ParentNode} root */
function islands(root) {
  for (const [tag, module] of Object.entries(ISLANDS)) {
    if (loading.has(tag) || !root.querySelector(tag)) continue;
    loading.add(tag);
    import(module).catch((problem) => {
      loading.delete(tag);
      console.error(`island ${tag} failed to load`, problem);
      for (const place of document.querySelectorAll(tag)) place.setAttribute("data-failed", "");
    });
  }
}

/** Dialogs: data-eb-open="ID" opens, data-eb-close closes; focus trap and return are the browser's own. */
function dialogs() {
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const opener = /** @type {HTMLElement | null} */ (target.closest("[data-eb-open]"));
    if (opener) {
      const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById(opener.dataset.ebOpen || ""));
      if (dialog && !dialog.open) dialog.showModal();
      opener.closest("details.eb-menu")?.removeAttribute("open");
      return;
    }
    if (target.closest("[data-eb-close]")) target.closest("dialog")?.close();
    for (const menu of document.querySelectorAll("details.eb-menu[open]")) {
      if (!menu.contains(target)) menu.removeAttribute("open");
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.eb-menu[open]")) {
      menu.removeAttribute("open");
      menu.querySelector("summary")?.focus();
    }
  });
}

/** The demonstration's list of people fills the sign-in form. */
function fillers() {
  document.addEventListener("click", (event) => {
    const button = /** @type {HTMLButtonElement | null} */ (
      /** @type {Element} */ (event.target).closest("[data-eb-fill]")
    );
    if (!button?.form) return;
    const form = button.form;
    /** @type {HTMLInputElement} */ (form.elements.namedItem("login")).value = button.dataset.login || "";
    /** @type {HTMLInputElement} */ (form.elements.namedItem("password")).value = button.dataset.password || "";
  });
}

/** <details data-eb-open-wide> stands open where the screen is wide enough for its column. */
function wideDetails() {
  const wide = matchMedia("(min-width: 75rem)");
  const set = () => {
    for (const place of document.querySelectorAll("details[data-eb-open-wide]")) {
      place.toggleAttribute("open", wide.matches || place.hasAttribute("data-was-open"));
    }
  };
  wide.addEventListener("change", set);
  set();
}

/** The worker of the phone pages; at sign-out kept pages are forgotten. */
function worker() {
  const address = document.body.dataset.serviceWorker;
  if ("serviceWorker" in navigator) {
    if (address) navigator.serviceWorker.register(address, { scope: "/" }).catch((problem) => console.error(problem));
    if (document.getElementById("sign-in")) navigator.serviceWorker.controller?.postMessage("forget");
  }
}

/** Let the worker keep the pages that a list leads to (data-eb-keep="ADDRESS ADDRESS"), so that they open offline. */
function keepPages() {
  const pages = [...document.querySelectorAll("[data-eb-keep]")].flatMap((place) =>
    (/** @type {HTMLElement} */ (place).dataset.ebKeep || "").split(" ").filter(Boolean),
  );
  if (!pages.length || !("serviceWorker" in navigator) || !navigator.onLine) return;
  navigator.serviceWorker.ready.then((ready) => ready.active?.postMessage({ keep: pages }));
}

startClocks();
startKeys();
dialogs();
fillers();
wideDetails();
worker();
/** Office pages hear news for the bell also where nothing else on them is live. */
function ears() {
  const user = document.body.dataset.user;
  if (!user || !document.body.classList.contains("eb-office") || document.querySelector("eb-live")) return;
  const ear = document.createElement("eb-live");
  ear.dataset.user = user;
  ear.dataset.quiet = "";
  document.body.append(ear);
}

ears();
islands(document);
keepPages();
document.addEventListener("htmx:load", (event) => {
  const place = /** @type {CustomEvent} */ (event).detail?.elt;
  if (place instanceof Element) islands(place.parentNode ?? document);
  keepPages();
});
document.documentElement.dataset.ready = "";
