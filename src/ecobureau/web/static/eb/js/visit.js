// <eb-visit data-record="/api/tasks/N/" data-state="dispatched" data-track="/m/tasks/N/track/" data-lon data-lat>: one task
// from taking it on to handing it in, also where no page comes from the server. What waits in the queue moves the task on
// here as well: parts with data-eb-stage="STATE STATE" are shown in their stages. Keeps what was typed; keeps the way
// walked between arrival and submission; says what could not be sent and what is still on the phone.
// @ts-check
import { before, discard, enqueue, items, retry, uuid } from "eb/queue";
import { announce, button, hand, icon, say } from "eb/words";

/** @type {Record<string, string>} */
const NEXT = { accept: "accepted", arrive: "onsite", submit: "submitted", hand_back: "handed_back" };
const ON_SITE = ["onsite", "evidence"];
const PART = 60;
const STEP_M = 5;
const STEP_MS = 60000;
/** @typedef {[string, number, number, number | null]} Point */

/** Metres between two places, near enough for some kilometres. @param {number} lon @param {number} lat @param {number} lon2 @param {number} lat2 */
function metres(lon, lat, lon2, lat2) {
  const x = (lon2 - lon) * Math.cos(((lat + lat2) / 2) * (Math.PI / 180));
  return Math.hypot(x, lat2 - lat) * 111195;
}

class Visit extends HTMLElement {
  state = "";
  watching = -1;
  /** @type {Point[]} */
  points = [];
  counted = 0;

  connectedCallback() {
    if (this.record) return;
    this.record = this.dataset.record || "";
    this.key = `${document.body.dataset.user || ""}:${this.record}`;
    this.points = this.kept();
    this.counted = this.points.length;
    this.panel = document.createElement("div");
    this.append(this.panel);
    this.listen = (/** @type {Event} */ event) => this.told(/** @type {CustomEvent} */ (event).detail);
    document.addEventListener("eb-queue", this.listen);
    this.flush = (/** @type {string} */ record, /** @type {string} */ url) =>
      record === this.record && /do\/(submit|hand_back)\/$/.test(url) ? this.handOver() : Promise.resolve();
    before.add(this.flush);
    this.draft();
    this.road();
    this.look();
  }

  disconnectedCallback() {
    if (this.listen) document.removeEventListener("eb-queue", this.listen);
    if (this.flush) before.delete(this.flush);
    this.rest();
  }

  /** News of the queue; once the last of it is sent, the page is what the server says, also after a reload.
   * @param {{item: any, what: string, answer: any}} news */
  async told({ item, what, answer }) {
    const act = what === "sent" && item?.record === this.record && /do\/\w+\/$/.test(item.url);
    // What is sent waits no more: from now on it is the server's state that has moved on.
    if (act) this.dataset.state = answer?.state || NEXT[/do\/(\w+)\/$/.exec(item.url)?.[1] || ""] || this.dataset.state;
    await this.look();
    if (!act || (await items()).some((each) => each.record === this.record)) return;
    const gone = /do\/hand_back\/$/.test(item.url);
    location.assign(gone ? "/m/" : this.dataset.here || location.pathname);
  }

  /** Where the task stands: what the server said, moved on by what waits. */
  async look() {
    const mine = (await items()).filter((item) => item.record === this.record);
    let state = this.dataset.state || "";
    const stuck = mine.find((item) => item.state === "refused");
    for (const item of mine) {
      if (item === stuck) break;
      state = NEXT[/do\/(\w+)\/$/.exec(item.url)?.[1] || ""] || state;
    }
    this.draw(stuck, mine);
    if (state !== this.state) this.stage(state);
    this.dataset.ready = "";
  }

  /** @param {string} state */
  stage(state) {
    const moved = this.state !== "";
    this.state = state;
    this.dataset.stage = state;
    for (const place of document.querySelectorAll("[data-eb-stage]")) {
      const shown = (/** @type {HTMLElement} */ (place).dataset.ebStage || "").split(" ").includes(state);
      /** @type {HTMLElement} */ (place).hidden = !shown;
      for (const press of place.querySelectorAll("button")) if (shown && moved) press.disabled = false;
    }
    const title = document.getElementById("stage-title");
    const words = title?.getAttribute(`data-${state.replace("_", "-")}`);
    if (title && words) title.textContent = words;
    if (moved) {
      scrollTo(0, 0);
      document.getElementById("main")?.focus({ preventScroll: true });
      if (words) announce(words);
      // Begin anew on site: the first position is that of the arrival.
      this.rest();
    }
    this.watch();
  }

  // --- what could not be sent ------------------------------------------------------------------------------------------

  /** @param {any} stuck @param {any[]} mine */
  draw(stuck, mine) {
    const key = stuck ? `${stuck.uuid} ${stuck.why} ${mine.length}` : "";
    if (!this.panel || this.panel.dataset.key === key) return;
    this.panel.dataset.key = key;
    this.panel.replaceChildren();
    this.panel.className = stuck ? "eb-panel eb-stuck" : "";
    if (!stuck) return;
    const head = document.createElement("h2");
    head.append(icon("alert-triangle"), say("visit.stuck", { why: stuck.why || "" }));
    this.panel.setAttribute("role", "alert");
    const words = document.createElement("p");
    words.textContent = say("visit.kept");
    const list = document.createElement("ul");
    for (const item of mine) list.append(Object.assign(document.createElement("li"), { textContent: this.name(item) }));
    const latest = document.createElement("a");
    latest.className = "eb-btn eb-btn-primary";
    latest.href = this.dataset.here || location.pathname;
    latest.append(icon("refresh"), say("visit.latest"));
    const again = button(say("visit.again"), "cloud-upload", "eb-btn");
    again.addEventListener("click", () => retry(this.record || ""));
    const drop = button(say("visit.drop"), "trash", "eb-btn");
    drop.addEventListener("click", async () => {
      const words = drop.querySelector("span");
      if (drop.dataset.sure === undefined) {
        drop.dataset.sure = "";
        if (words) words.textContent = say("visit.drop_sure");
        announce(say("visit.drop_sure"));
        return;
      }
      for (const item of mine) await discard(item.uuid);
      localStorage.removeItem(`eb-draft:${this.key}`);
      location.assign(this.dataset.here || location.pathname);
    });
    const files = mine.filter((item) => item.blob);
    const save = button(say("visit.save"), "download", "eb-btn");
    save.addEventListener("click", () => files.forEach((item) => hand(item.name || "file", item.blob)));
    this.panel.append(head, words, list, latest, again, ...(files.length ? [save] : []), drop);
  }

  /** @param {any} item */
  name(item) {
    const verb = /do\/(\w+)\/$/.exec(item.url)?.[1] || (item.url === this.dataset.track ? "track" : item.fields.paper);
    const known = ["accept", "arrive", "submit", "hand_back", "ask_help", "photo", "voice", "track"].includes(verb);
    return say(`visit.item.${known ? verb : "other"}`);
  }

  // --- what was typed --------------------------------------------------------------------------------------------------

  draft() {
    const form = /** @type {HTMLFormElement | null} */ (document.getElementById("submit-form"));
    if (!form) return;
    const place = `eb-draft:${this.key}`;
    try {
      for (const [name, value] of Object.entries(JSON.parse(localStorage.getItem(place) || "{}"))) {
        const field = form.elements.namedItem(name);
        if (field instanceof RadioNodeList || field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) {
          if (!field.value) field.value = String(value);
        }
      }
    } catch {
      localStorage.removeItem(place);
    }
    const mark = document.getElementById("draft-mark");
    form.addEventListener("input", () => {
      /** @type {Record<string, string>} */
      const typed = {};
      for (const [name, value] of new FormData(form)) {
        if (typeof value === "string" && !/^(csrfmiddlewaretoken|next)$/.test(name)) typed[name] = value;
      }
      localStorage.setItem(place, JSON.stringify(typed));
      if (mark) mark.textContent = say("visit.saved");
    });
    document.addEventListener("eb-queue", (event) => {
      const { item, what } = /** @type {CustomEvent} */ (event).detail;
      if (what === "sent" && item?.url === `${this.record}do/submit/`) localStorage.removeItem(place);
    });
  }

  // --- where one is ----------------------------------------------------------------------------------------------------

  /** The line about how far it is, and the switch of the track. */
  road() {
    const locate = document.getElementById("locate");
    locate?.addEventListener("click", () => {
      this.near = true;
      this.watch();
    });
    const press = document.getElementById("track-press");
    press?.addEventListener("click", () => {
      if (this.off) localStorage.removeItem(`eb-track-off:${this.key}`);
      else localStorage.setItem(`eb-track-off:${this.key}`, "1");
      this.rest();
      this.watch();
    });
  }

  get off() {
    return localStorage.getItem(`eb-track-off:${this.key}`) === "1";
  }

  kept() {
    try {
      return /** @type {Point[]} */ (JSON.parse(localStorage.getItem(`eb-track:${this.key}`) || "[]"));
    } catch {
      return [];
    }
  }

  /** Listen to the phone's place: on the way if asked, on site if the track is wanted, else not at all. */
  watch() {
    const keep = ON_SITE.includes(this.state) && !this.off;
    this.say();
    if (!navigator.geolocation || !isSecureContext) return;
    if (!keep && !this.near) return this.rest();
    if (this.watching !== -1) return;
    this.watching = navigator.geolocation.watchPosition(
      (found) => this.at(found),
      () => this.away(say("visit.noplace")),
      { enableHighAccuracy: true, maximumAge: 5000 },
    );
  }

  rest() {
    if (this.watching !== -1) navigator.geolocation.clearWatch(this.watching);
    this.watching = -1;
  }

  /** @param {GeolocationPosition} found */
  at(found) {
    const { longitude: lon, latitude: lat, accuracy } = found.coords;
    this.show(lon, lat);
    if (!ON_SITE.includes(this.state) || this.off) return;
    const last = this.points.at(-1);
    const moved = !last || metres(last[1], last[2], lon, lat) >= Math.max(STEP_M, (accuracy || 0) / 2);
    const old = last && found.timestamp - Date.parse(last[0]) >= STEP_MS;
    if (!moved && !old) return;
    this.points.push([new Date(found.timestamp).toISOString(), lon, lat, Math.round(accuracy * 10) / 10]);
    this.counted += 1;
    localStorage.setItem(`eb-track:${this.key}`, JSON.stringify(this.points));
    this.say();
    if (this.points.length >= PART) this.handOver();
  }

  /** Hand what was walked to the queue. */
  async handOver() {
    const points = this.points;
    if (!points.length) return;
    this.points = [];
    localStorage.removeItem(`eb-track:${this.key}`);
    const url = this.dataset.track || "";
    const id = uuid();
    await enqueue({ uuid: id, url, record: this.record, soft: true, fields: { uuid: id, points: JSON.stringify(points) } });
  }

  say() {
    const words = document.getElementById("track-words");
    const press = document.getElementById("track-press");
    if (words) words.textContent = this.off ? say("visit.track_off") : say("visit.track_on", { n: this.counted });
    if (press) press.textContent = this.off ? say("visit.track_start") : say("visit.track_stop");
  }

  /** @param {number} lon @param {number} lat */
  show(lon, lat) {
    const there = [Number(this.dataset.lon), Number(this.dataset.lat)];
    if (!this.dataset.lon || !this.dataset.lat) return;
    const far = metres(lon, lat, there[0], there[1]);
    // Which side of here the place lies on: 0 = north, clockwise.
    const east = (there[0] - lon) * Math.cos(lat * (Math.PI / 180));
    const turn = Math.round(((Math.atan2(east, there[1] - lat) * 180) / Math.PI + 360) / 45) % 8;
    const n = far < 1000 ? Math.round(far / 10) * 10 : Math.round(far / 100) * 100;
    this.away(far < 30 ? say("visit.here") : say("visit.away", { n, way: say("visit.ways").split(" ")[turn] }));
    const map = document.getElementById("sketch");
    const dot = document.getElementById("sketch-me");
    if (!map || !dot) return;
    const scale = Number(map.dataset.scale);
    const x = Number(map.dataset.x) + (lon - there[0]) * Math.cos(there[1] * (Math.PI / 180)) * scale;
    const y = Number(map.dataset.y) - (lat - there[1]) * scale;
    dot.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    dot.removeAttribute("visibility");
  }

  /** @param {string} text */
  away(text) {
    const words = document.getElementById("away");
    if (words && words.textContent !== text) words.textContent = text;
  }
}

customElements.define("eb-visit", Visit);
