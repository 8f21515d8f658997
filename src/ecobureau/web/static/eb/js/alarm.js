// <eb-alarm data-on="0|1">: a sound for new red clues. Off until somebody turns it on; kept with the person. Made here by
// two oscillators, no file. Nothing sounds before the page was touched once (the browser's rule, and ours): until then the
// button says so. Of several open pages one sounds.
// @ts-check
import { announce, button, cookie, say } from "eb/words";

const NOTES = [660, 880, 660, 880];
const LENGTH = 0.22;

class Alarm extends HTMLElement {
  /** @type {AudioContext | null} */
  audio = null;
  on = false;

  connectedCallback() {
    if (this.button) return;
    this.on = this.dataset.on === "1";
    this.button = button("", "bell-ringing", "eb-btn eb-btn-plain");
    this.button.addEventListener("click", () => this.turn());
    this.append(this.button);
    this.heard = (/** @type {Event} */ event) => this.ring(/** @type {CustomEvent} */ (event).detail.red);
    this.touched = () => this.wake();
    document.addEventListener("eb-new-cards", this.heard);
    for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, this.touched);
    this.draw();
  }

  disconnectedCallback() {
    if (this.heard) document.removeEventListener("eb-new-cards", this.heard);
    for (const name of ["pointerdown", "keydown"]) if (this.touched) document.removeEventListener(name, this.touched);
    this.audio?.close();
  }

  /** The page was touched: from now on it may sound. */
  wake() {
    if (!this.on || this.audio?.state === "running") return;
    this.audio ??= new AudioContext();
    this.audio.resume().then(() => this.draw());
  }

  async turn() {
    this.on = !this.on;
    if (this.on) {
      this.wake();
      await this.play();
    }
    this.draw();
    announce(say(this.on ? "alarm.is_on" : "alarm.is_off"));
    const body = new URLSearchParams({ name: "sound", value: this.on ? "1" : "0" });
    const headers = { "X-CSRFToken": cookie("csrftoken"), "X-EB-Quiet": "1" };
    await fetch("/prefs/", { method: "POST", body, headers }).catch(() => {});
    this.dataset.kept = "";
  }

  /** @param {number} red */
  async ring(red) {
    if (!red || !this.on) return;
    if (!navigator.locks) return this.play();
    await navigator.locks.request("eb-alarm", { ifAvailable: true }, (lock) => (lock ? this.play() : undefined));
  }

  /** Four short notes; resolves when they are over. */
  async play() {
    const audio = this.audio;
    if (!audio || audio.state !== "running") return this.draw();
    const gain = audio.createGain();
    gain.connect(audio.destination);
    const begin = audio.currentTime + 0.02;
    NOTES.forEach((pitch, place) => {
      const tone = audio.createOscillator();
      const at = begin + place * LENGTH;
      tone.frequency.value = pitch;
      tone.connect(gain);
      tone.start(at);
      tone.stop(at + LENGTH * 0.9);
      gain.gain.setValueAtTime(0.0001, at);
      gain.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.0001, at + LENGTH * 0.9);
    });
    this.dataset.rang = String(Number(this.dataset.rang || 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, NOTES.length * LENGTH * 1000));
    gain.disconnect();
  }

  draw() {
    if (!this.button) return;
    const blocked = this.on && this.audio?.state !== "running";
    this.button.setAttribute("aria-pressed", String(this.on));
    this.button.querySelector("span")?.replaceChildren(say(blocked ? "alarm.blocked" : this.on ? "alarm.on" : "alarm.off"));
    this.dataset.state = blocked ? "blocked" : this.on ? "on" : "off";
  }
}

customElements.define("eb-alarm", Alarm);
