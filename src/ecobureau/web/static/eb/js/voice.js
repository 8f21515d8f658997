// <eb-voice data-url="/api/tasks/NUMBER/files/" data-paper="voice" data-max-seconds="180" data-max-mb="5">: what somebody
// says into the phone, hashed before it leaves and handed to the queue. One button starts and stops; no holding down.
// @ts-check
import { sha256 } from "eb/photo";
import { before, discard, enqueue, items, uuid } from "eb/queue";
import { announce, beijing, button, say, spanWords } from "eb/words";

const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
/** @typedef {{uuid: string, blob: Blob, made: number, length: number, state: string, why: string}} Note */

class Voice extends HTMLElement {
  /** @type {Map<string, Note>} */
  notes = new Map();
  /** @type {MediaRecorder | null} */
  recorder = null;
  timer = 0;

  async connectedCallback() {
    if (this.list) return;
    this.url = this.dataset.url || "";
    this.replaceChildren();
    this.words = document.createElement("p");
    this.words.className = "eb-caption";
    this.words.setAttribute("role", "status");
    this.list = document.createElement("ul");
    this.list.className = "eb-voice-list";
    this.press = button(say("voice.start"), "microphone", "eb-btn eb-btn-main eb-wide");
    this.press.addEventListener("click", () => (this.recorder ? this.stop() : this.start()));
    const able = "MediaRecorder" in window && navigator.mediaDevices?.getUserMedia;
    this.append(...(able ? [this.press] : []), this.words, this.list);
    this.listen = (/** @type {Event} */ event) => this.told(/** @type {CustomEvent} */ (event).detail);
    document.addEventListener("eb-queue", this.listen);
    for (const item of await items()) {
      if (item.url !== this.url || item.fields.paper !== this.paper || !item.blob) continue;
      const length = Number(item.fields.length) || 0;
      const state = item.state === "refused" ? "failed" : "waiting";
      const made = Date.parse(item.fields.shot_at) || item.made;
      this.notes.set(item.uuid, { uuid: item.uuid, blob: item.blob, made, length, state, why: item.why || "" });
    }
    this.draw();
    if (!able) this.words.textContent = say("voice.unsupported");
    this.dataset.ready = "";
  }

  disconnectedCallback() {
    if (this.listen) document.removeEventListener("eb-queue", this.listen);
    this.stop();
  }

  get paper() {
    return this.dataset.paper || "voice";
  }

  async start() {
    /** @type {MediaStream} */
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      this.complain(say("voice.blocked"));
      return;
    }
    const kind = KINDS.find((each) => MediaRecorder.isTypeSupported(each));
    const recorder = new MediaRecorder(stream, { ...(kind ? { mimeType: kind } : {}), audioBitsPerSecond: 32000 });
    /** @type {Blob[]} */
    const parts = [];
    const began = Date.now();
    recorder.addEventListener("dataavailable", (event) => event.data.size && parts.push(event.data));
    // A form that is sent while somebody still speaks waits for the note: it stops the recording.
    /** @type {(value: unknown) => void} */
    let over = () => {};
    const done = new Promise((resolve) => (over = resolve));
    const wait = () => {
      this.stop();
      return done;
    };
    before.add(wait);
    recorder.addEventListener("stop", async () => {
      for (const track of stream.getTracks()) track.stop();
      try {
        const blob = new Blob(parts, { type: (recorder.mimeType || kind || "audio/webm").split(";")[0] });
        await this.keep(blob, began, Math.round((Date.now() - began) / 1000));
      } finally {
        before.delete(wait);
        over(undefined);
      }
    });
    recorder.start(1000);
    this.recorder = recorder;
    this.dataset.recording = "";
    const most = Number(this.dataset.maxSeconds || 180);
    const tick = () => {
      const span = Date.now() - began;
      if (this.words) this.words.textContent = say("voice.running", { span: spanWords(span), most: spanWords(most * 1000) });
      if (span >= most * 1000) this.stop();
    };
    this.timer = window.setInterval(tick, 1000);
    tick();
    this.label(say("voice.stop"));
    announce(say("voice.stop"));
  }

  stop() {
    clearInterval(this.timer);
    if (this.recorder?.state === "recording") this.recorder.stop();
    this.recorder = null;
    delete this.dataset.recording;
    this.label(say("voice.start"));
  }

  /** @param {string} text */
  label(text) {
    const words = this.press?.querySelector("span");
    if (words) words.textContent = text;
  }

  /** @param {Blob} blob @param {number} made @param {number} length seconds */
  async keep(blob, made, length) {
    const max = Number(this.dataset.maxMb || 5);
    if (blob.size > max * 1024 * 1024) {
      this.complain(say("voice.toobig", { max }));
      return;
    }
    if (!blob.size) {
      this.draw();
      return;
    }
    const id = uuid();
    this.notes.set(id, { uuid: id, blob, made, length, state: "waiting", why: "" });
    this.draw();
    const sha = await sha256(blob);
    /** @type {Record<string, string>} */
    const fields = { uuid: id, paper: this.paper, shot_at: new Date(made).toISOString(), length: String(length) };
    if (sha) fields.sha256 = sha;
    const end = blob.type === "audio/mp4" ? "m4a" : blob.type === "audio/ogg" ? "ogg" : "weba";
    const at = beijing(made);
    await enqueue({ uuid: id, url: this.url || "", fields, blob, name: `voice-${at.date}-${at.time.replace(":", "")}.${end}` });
  }

  /** @param {string} text */
  complain(text) {
    if (this.words) this.words.textContent = text;
    announce(text);
  }

  /** @param {{item: any, what: string, answer: any}} news */
  told(news) {
    const note = news.item && this.notes.get(news.item.uuid);
    if (!note) return;
    if (news.what === "sent") note.state = "sent";
    if (news.what === "refused") {
      note.state = "failed";
      note.why = news.answer?.detail || "";
    }
    this.draw();
  }

  draw() {
    if (!this.list) return;
    this.list.replaceChildren(...[...this.notes.values()].map((note) => this.row(note)));
    const kept = [...this.notes.values()].filter((note) => note.state !== "failed").length;
    if (this.words && !this.recorder) this.words.textContent = kept ? say("voice.count", { n: kept }) : say("voice.none");
    this.dataset.count = String(kept);
    this.dataset.sent = String([...this.notes.values()].filter((note) => note.state === "sent").length);
  }

  /** @param {Note} note */
  row(note) {
    const item = document.createElement("li");
    item.dataset.state = note.state;
    const sound = document.createElement("audio");
    sound.controls = true;
    sound.src = URL.createObjectURL(note.blob);
    const name = say("voice.note", { time: beijing(note.made).time, span: spanWords(note.length * 1000) });
    sound.setAttribute("aria-label", name);
    const words = document.createElement("p");
    words.className = "eb-caption";
    const state = note.state === "failed" ? say("photo.failed", { why: note.why }) : say(`photo.${note.state}`);
    words.textContent = `${name} · ${state}`;
    item.append(sound, words);
    if (note.state !== "sent") {
      const drop = button(say("photo.remove"), "trash", "eb-btn");
      drop.addEventListener("click", async () => {
        this.notes.delete(note.uuid);
        await discard(note.uuid);
        this.draw();
      });
      item.append(drop);
    }
    return item;
  }
}

customElements.define("eb-voice", Voice);
