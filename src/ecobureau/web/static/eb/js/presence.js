// <eb-presence data-url="…/open/" data-eb-topics="presence:clue:7" data-beat="20">: 已在看, who else has this open.
// Beats while the page is visible, says so when it goes; news of its topic (through <eb-live>) make it ask at once.
// @ts-check
import { cookie, icon, say } from "eb/words";

class Presence extends HTMLElement {
  timer = 0;
  words = "";

  connectedCallback() {
    this.url = this.dataset.url || "";
    this.look = () => (document.visibilityState === "visible" ? this.beat() : this.leave());
    this.bye = () => this.leave();
    this.addEventListener("eb-refresh", () => this.beat());
    document.addEventListener("visibilitychange", this.look);
    addEventListener("pagehide", this.bye);
    this.setAttribute("role", "status");
    if (document.visibilityState === "visible") this.beat();
  }

  disconnectedCallback() {
    if (this.look) document.removeEventListener("visibilitychange", this.look);
    if (this.bye) removeEventListener("pagehide", this.bye);
    this.leave();
  }

  /** @param {Record<string, string>} fields */
  post(fields) {
    return fetch(this.url || "", {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "X-CSRFToken": cookie("csrftoken"), Accept: "application/json" },
      keepalive: true,
    });
  }

  async beat() {
    clearTimeout(this.timer);
    if (document.visibilityState !== "visible" || !this.isConnected) return;
    this.timer = window.setTimeout(() => this.beat(), 1000 * Number(this.dataset.beat || 20));
    try {
      const answer = await this.post({});
      if (answer.ok) this.draw((await answer.json()).others);
    } catch {
      // No network: the next beat tries again, and the others see this one go.
    }
  }

  leave() {
    clearTimeout(this.timer);
    this.post({ leave: "1" }).catch(() => {});
  }

  /** @param {string[]} others */
  draw(others) {
    const words = others.length ? say("presence.others", { who: others.join("、") }) : "";
    if (words === this.words && "ready" in this.dataset) return;
    this.words = words;
    this.dataset.ready = "";
    if (!words) return this.replaceChildren();
    const mark = document.createElement("span");
    mark.className = "eb-clock eb-clock-done";
    mark.append(icon("eye"), words);
    this.replaceChildren(mark);
  }
}

customElements.define("eb-presence", Presence);
