// <eb-live data-user="ID" data-topics="list:clue user:3">: news from the server without reload.
// One stream a browser: a tab leads (Web Locks), the others listen to it (BroadcastChannel). Fragments that stand under
// data-eb-topics="…" with hx-get and hx-trigger="eb-refresh" are fetched anew when one of their topics has news.
// @ts-check
import { announce, button, say } from "eb/words";

const CALM = 400;
const BACK_OFF = [1000, 2000, 4000, 8000, 15000];

/** @returns {HTMLElement[]} */
function fragments() {
  return /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-eb-topics]")]);
}

/** @param {string | undefined} text */
function split(text) {
  return (text || "").split(/\s+/).filter(Boolean);
}

/** @param {Element} place @returns {Map<string, string>} */
function cardsOf(place) {
  return new Map(
    /** @type {HTMLElement[]} */ ([...place.querySelectorAll("[data-eb-card]")]).map((card) => [
      card.dataset.ebCard || "",
      card.dataset.level || "",
    ]),
  );
}

class Live extends HTMLElement {
  /** @type {EventSource | null} */
  stream = null;
  /** @type {BroadcastChannel | null} */
  channel = null;
  /** Topics of all tabs, while this one leads. @type {Set<string>} */
  wanted = new Set();
  leading = false;
  paused = false;
  missed = false;
  attempt = 0;
  retry = 0;
  down = false;
  /** @type {Map<Element, number>} */
  waiting = new Map();
  /** @type {Map<string, Map<string, string>>} */
  cardsBefore = new Map();

  connectedCallback() {
    if (this.channel) return;
    this.addressOfToken = document.body.dataset.liveToken || "";
    if (!this.addressOfToken) return;
    this.controls();
    this.channel = new BroadcastChannel(`eb-live-${this.dataset.user || ""}`);
    this.channel.onmessage = (event) => this.told(event.data);
    this.swapBefore = (/** @type {Event} */ event) => this.remember(event);
    this.swapAfter = (/** @type {Event} */ event) => this.compare(event);
    document.addEventListener("htmx:beforeSwap", this.swapBefore);
    document.addEventListener("htmx:afterSettle", this.swapAfter);
    this.ending = new AbortController();
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    if (navigator.locks) {
      navigator.locks
        .request(`eb-live-${this.dataset.user || ""}`, { signal: this.ending.signal }, () => this.lead())
        .catch(() => undefined);
    } else this.lead();
    this.channel.postMessage({ type: "want", topics: this.topics() });
  }

  disconnectedCallback() {
    this.stop();
  }

  stop() {
    this.ending?.abort();
    this.released?.();
    this.stream?.close();
    this.stream = null;
    this.leading = false;
    clearTimeout(this.retry);
    this.channel?.close();
    this.channel = null;
    if (this.swapBefore) document.removeEventListener("htmx:beforeSwap", this.swapBefore);
    if (this.swapAfter) document.removeEventListener("htmx:afterSettle", this.swapAfter);
  }

  topics() {
    const all = new Set(split(this.dataset.topics));
    for (const place of fragments()) for (const topic of split(place.dataset.ebTopics)) all.add(topic);
    return [...all];
  }

  /** Lead until the page goes; the lock is held as long as the promise stands. */
  lead() {
    if (!this.channel) return Promise.resolve(); // taken off the page while the lock was on its way: let it go at once
    this.leading = true;
    for (const topic of this.topics()) this.wanted.add(topic);
    this.channel?.postMessage({ type: "who" });
    this.connect();
    return new Promise((resolve) => {
      this.released = () => resolve(undefined);
    });
  }

  async connect() {
    clearTimeout(this.retry);
    this.stream?.close();
    this.stream = null;
    if (!this.leading) return;
    try {
      const query = new URLSearchParams([...this.wanted].slice(0, 40).map((topic) => ["t", topic]));
      const answer = await fetch(`${this.addressOfToken}?${query}`, { headers: { Accept: "application/json" } });
      if (answer.status === 403) return this.all({ type: "signin" });
      if (!answer.ok) throw new Error(String(answer.status));
      const { token } = await answer.json();
      this.open(token);
    } catch {
      this.later();
    }
  }

  /** @param {string} token */
  open(token) {
    const stream = new EventSource(`/live?token=${encodeURIComponent(token)}`);
    this.stream = stream;
    stream.addEventListener("hello", (event) => {
      const again = this.attempt > 0 || this.dataset.state === "on";
      this.attempt = 0;
      this.turn(true);
      if (again) this.all({ type: "resync", w: JSON.parse(event.data).w });
    });
    stream.addEventListener("news", (event) => this.all({ type: "news", news: JSON.parse(event.data) }));
    stream.addEventListener("resync", (event) => this.all({ type: "resync", w: JSON.parse(event.data).w }));
    stream.onerror = () => {
      stream.close();
      if (this.stream === stream) this.later();
    };
  }

  later() {
    const wait = BACK_OFF[Math.min(this.attempt, BACK_OFF.length - 1)];
    this.attempt += 1;
    if (this.attempt > 1) this.turn(false);
    this.retry = window.setTimeout(() => this.connect(), wait);
  }

  /** Tell the other tabs and this one. @param {any} message */
  all(message) {
    this.channel?.postMessage(message);
    this.told(message);
  }

  /** @param {boolean} up */
  turn(up) {
    this.all({ type: "state", up });
  }

  /** @param {any} message */
  told(message) {
    if (message.type === "news") this.news(message.news);
    else if (message.type === "resync") this.refresh(fragments(), message.w);
    else if (message.type === "state") this.state(message.up);
    else if (message.type === "signin") this.signIn();
    else if (message.type === "who") this.channel?.postMessage({ type: "want", topics: this.topics() });
    else if (message.type === "want" && this.leading) {
      const fresh = message.topics.filter((/** @type {string} */ topic) => !this.wanted.has(topic));
      for (const topic of fresh) this.wanted.add(topic);
      if (fresh.length) this.connect();
      else this.channel?.postMessage({ type: "state", up: this.dataset.state === "on" });
    }
  }

  /** Nobody is signed in any more: say so, and where to go; nothing is tried again. */
  signIn() {
    this.dataset.state = "signin";
    if (!this.words) return;
    const link = document.createElement("a");
    link.className = "eb-link";
    link.href = `/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`;
    link.textContent = say("live.signin");
    this.words.replaceChildren(link);
    announce(say("live.signin"));
  }

  /** @param {boolean} up */
  state(up) {
    this.dataset.state = up ? "on" : "off";
    if (!up && !this.down) announce(say("live.lost"));
    if (up && this.down) announce(say("live.back"));
    this.down = !up;
    this.draw();
  }

  /** @param {{t: string, k: string, id?: number, n?: number, w?: number}} news */
  news(news) {
    document.dispatchEvent(new CustomEvent("eb-news", { detail: news }));
    this.refresh(fragments().filter((place) => split(place.dataset.ebTopics).includes(news.t)), news.w);
  }

  /** Fetch places anew: soon, and where many pages are open (`w`) at a moment of this page's own.
   * @param {HTMLElement[]} places @param {number} [spread] milliseconds */
  refresh(places, spread = 0) {
    if (this.paused) {
      this.missed = true;
      return;
    }
    for (const place of places) {
      if (this.waiting.has(place)) continue;
      const timer = window.setTimeout(() => {
        this.waiting.delete(place);
        place.dispatchEvent(new CustomEvent("eb-refresh"));
      }, CALM + Math.random() * spread);
      this.waiting.set(place, timer);
    }
  }

  /** Cards before a fragment is swapped. @param {Event} event */
  remember(event) {
    const place = /** @type {CustomEvent} */ (event).detail?.target;
    if (place instanceof HTMLElement && place.id && place.dataset.ebTopics) this.cardsBefore.set(place.id, cardsOf(place));
  }

  /** Say how many cards are new; never their text. @param {Event} event */
  compare(event) {
    const place = /** @type {CustomEvent} */ (event).detail?.elt;
    if (!(place instanceof HTMLElement) || !this.cardsBefore.has(place.id)) return;
    const old = /** @type {Map<string, string>} */ (this.cardsBefore.get(place.id));
    this.cardsBefore.delete(place.id);
    const fresh = [...cardsOf(place)].filter(([key]) => !old.has(key));
    if (!fresh.length) return;
    const red = fresh.filter(([, level]) => level === "red").length;
    document.dispatchEvent(new CustomEvent("eb-new-cards", { detail: { n: fresh.length, red } }));
    announce(red ? say("live.new_red", { n: red }) : say("live.new", { n: fresh.length }));
  }

  /** With data-quiet there is nothing to pause, and nothing is shown. */
  controls() {
    if ("quiet" in this.dataset) return;
    this.button = button(say("live.pause"), "player-pause", "eb-btn eb-btn-plain");
    this.button.setAttribute("aria-pressed", "false");
    this.button.addEventListener("click", () => {
      this.paused = !this.paused;
      announce(say(this.paused ? "live.paused" : "live.resumed"));
      if (!this.paused && this.missed) {
        this.missed = false;
        this.refresh(fragments());
      }
      this.draw();
    });
    this.words = document.createElement("span");
    this.words.className = "eb-caption eb-orange";
    this.append(this.button, this.words);
    this.draw();
  }

  draw() {
    if (!this.button || !this.words) return;
    this.button.setAttribute("aria-pressed", String(this.paused));
    this.button.querySelector("span")?.replaceChildren(say(this.paused ? "live.resume" : "live.pause"));
    this.words.textContent = this.dataset.state === "off" ? say("live.lost") : this.paused ? say("live.paused") : "";
  }
}

customElements.define("eb-live", Live);
