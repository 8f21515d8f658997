// <eb-photo data-url="/api/tasks/NUMBER/files/" data-paper="photo" data-max-mb="20">: takes or picks photos, hashes them
// before they leave the phone, notes time and place, and hands them to the queue. Inside stands a plain file form, which
// serves where this file does not run.
// @ts-check
import { before, discard, enqueue, items, uuid } from "eb/queue";
import { announce, beijing, icon, say } from "eb/words";

/** @typedef {{uuid: string, name: string, blob: Blob, made: number, state: string, why: string, sha: string, place: string}} Shot */

/** SHA-256 as hex, or "" where the page is not served securely. @param {Blob} blob */
export async function sha256(blob) {
  if (!crypto.subtle) return "";
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** @returns {Promise<GeolocationCoordinates | null>} */
function whereabouts() {
  return new Promise((resolve) => {
    if (!navigator.geolocation) return resolve(null);
    navigator.geolocation.getCurrentPosition(
      (found) => resolve(found.coords),
      () => resolve(null),
      { enableHighAccuracy: true, timeout: 8000, maximumAge: 30000 },
    );
  });
}

class Photo extends HTMLElement {
  /** @type {Map<string, Shot>} */
  shots = new Map();
  /** @type {Map<string, string>} */
  pictures = new Map();

  async connectedCallback() {
    if (this.grid) return;
    this.address = this.dataset.url || "";
    this.replaceChildren();
    this.words = document.createElement("p");
    this.words.className = "eb-caption";
    this.words.setAttribute("role", "status");
    this.grid = document.createElement("ul");
    this.grid.className = "eb-photo-grid";
    this.append(this.words, this.grid);
    this.listen = (/** @type {Event} */ event) => this.told(/** @type {CustomEvent} */ (event).detail);
    document.addEventListener("eb-queue", this.listen);
    for (const item of await items()) {
      if (item.url !== this.address || !item.blob) continue;
      this.shots.set(item.uuid, {
        uuid: item.uuid,
        name: item.name || "",
        blob: item.blob,
        made: Date.parse(item.fields.shot_at) || item.made,
        state: item.state === "refused" ? "failed" : "waiting",
        why: item.why || "",
        sha: item.fields.sha256 || "",
        place: "",
      });
    }
    this.draw();
    this.dataset.ready = "";
  }

  disconnectedCallback() {
    if (this.listen) document.removeEventListener("eb-queue", this.listen);
    for (const address of this.pictures.values()) URL.revokeObjectURL(address);
  }

  /** @param {FileList} files */
  async take(files) {
    const max = Number(this.dataset.maxMb || 20);
    for (const file of files) {
      // Some browsers do not know the type of a phone's HEIC photo.
      if (!file.type.startsWith("image/") && !/\.hei[cf]$/i.test(file.name)) {
        this.complain(say("photo.notimage", { name: file.name }));
        continue;
      }
      const size = file.size / 1024 / 1024;
      if (size > max) {
        this.complain(say("photo.toobig", { n: size.toFixed(1), max }));
        continue;
      }
      await this.keep(file);
    }
  }

  /** @param {File} file */
  async keep(file) {
    const work = this.store(file);
    const wait = () => work;
    before.add(wait);
    await work.finally(() => before.delete(wait));
  }

  /** @param {File} file */
  async store(file) {
    const id = uuid();
    const made = file.lastModified && file.lastModified <= Date.now() ? file.lastModified : Date.now();
    /** @type {Shot} */
    const shot = { uuid: id, name: file.name, blob: file, made, state: "sending", why: "", sha: "", place: "" };
    this.shots.set(id, shot);
    this.draw();
    const [sha, coords] = await Promise.all([sha256(file), whereabouts()]);
    shot.sha = sha;
    shot.place = coords ? say("photo.accuracy", { n: Math.round(coords.accuracy) }) : say("photo.noplace");
    shot.state = "waiting";
    this.draw();
    /** @type {Record<string, string>} */
    const fields = { uuid: id, paper: this.dataset.paper || "photo", shot_at: new Date(made).toISOString() };
    if (sha) fields.sha256 = sha;
    if (coords) {
      fields.lon = coords.longitude.toFixed(6);
      fields.lat = coords.latitude.toFixed(6);
    }
    const blob = new Blob([await file.arrayBuffer()], { type: file.type });
    await enqueue({ uuid: id, url: this.address || "", fields, blob, name: file.name });
  }

  /** @param {string} text */
  complain(text) {
    if (this.words) this.words.textContent = text;
    announce(text);
  }

  /** @param {{item: any, what: string, answer: any}} news */
  told(news) {
    const shot = news.item && this.shots.get(news.item.uuid);
    if (!shot) return;
    if (news.what === "sent") shot.state = "sent";
    if (news.what === "refused") {
      shot.state = "failed";
      shot.why = news.answer?.detail || "";
    }
    if (news.what === "signin") shot.state = "waiting";
    this.draw();
    if (news.what === "sent") this.dispatchEvent(new CustomEvent("eb-photo-sent", { bubbles: true, detail: news.answer }));
  }

  draw() {
    if (!this.grid) return;
    const tiles = [...this.shots.values()].map((shot) => this.tile(shot));
    const focused = this.grid.contains(document.activeElement);
    this.grid.replaceChildren(...tiles, this.taker());
    if (focused) this.grid.querySelector("input")?.focus();
    const kept = [...this.shots.values()].filter((shot) => shot.state !== "failed").length;
    if (this.words) this.words.textContent = kept ? say("photo.count", { n: kept }) : say("photo.none");
    this.dataset.count = String(kept);
    this.dataset.sent = String([...this.shots.values()].filter((shot) => shot.state === "sent").length);
  }

  /** @param {Shot} shot */
  tile(shot) {
    const item = document.createElement("li");
    item.className = "eb-photo-item";
    item.dataset.state = shot.state;
    const image = document.createElement("img");
    let address = this.pictures.get(shot.uuid);
    if (!address) {
      address = URL.createObjectURL(shot.blob);
      this.pictures.set(shot.uuid, address);
    }
    image.src = address;
    image.alt = `${beijing(shot.made).time} ${shot.name}`;
    // A HEIC photo, which this browser cannot show, is shown by its name; the office sees a copy of it.
    image.addEventListener("error", () => image.replaceWith(Object.assign(document.createElement("p"), { textContent: shot.name })));
    const words = document.createElement("p");
    const state = shot.state === "failed" ? say("photo.failed", { why: shot.why }) : say(`photo.${shot.state}`);
    words.textContent = [beijing(shot.made).time, shot.place, state].filter(Boolean).join(" · ");
    if (shot.sha) words.title = `SHA-256 ${shot.sha}`;
    item.append(image, words);
    if (shot.state !== "sent" && shot.state !== "sending") {
      const drop = document.createElement("button");
      drop.type = "button";
      drop.textContent = say("photo.remove");
      drop.addEventListener("click", async () => {
        this.shots.delete(shot.uuid);
        await discard(shot.uuid);
        this.draw();
      });
      item.append(drop);
    }
    return item;
  }

  taker() {
    const item = document.createElement("li");
    const label = document.createElement("label");
    label.className = "eb-photo-take";
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/*,.heic,.heif";
    input.multiple = this.dataset.capture === undefined;
    if (this.dataset.capture !== undefined) input.setAttribute("capture", "environment");
    input.addEventListener("change", () => {
      const files = input.files;
      if (files?.length) this.take(files);
    });
    const words = document.createElement("span");
    words.textContent = this.dataset.label || say("photo.take");
    const picture = icon("camera-plus");
    picture.classList.add("eb-icon-xl");
    label.append(picture, words, input);
    item.append(label);
    return item;
  }
}

customElements.define("eb-photo", Photo);
