// Scans a sign's QR code in the browser where BarcodeDetector exists; elsewhere the element stays empty and the form
// below it takes the typed code.

const EVERY_MS = 250;
const CODE = /\/c\/([0-9A-Za-z-]{12,20})\/?$/;

class Scan extends HTMLElement {
  #stream = null;
  #timer = 0;

  connectedCallback() {
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return;
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "eb-btn eb-btn-main";
    this.button.textContent = this.dataset.start;
    this.button.addEventListener("click", () => (this.#stream ? this.#stop() : this.#start()));
    this.words = document.createElement("p");
    this.words.setAttribute("role", "status");
    this.replaceChildren(this.button, this.words);
  }

  disconnectedCallback() {
    this.#stop();
  }

  async #start() {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      this.words.textContent = this.dataset.refused;
      return;
    }
    const video = document.createElement("video");
    video.className = "eb-scan-picture";
    video.muted = true;
    video.playsInline = true;
    video.srcObject = this.#stream;
    this.append(video);
    await video.play();
    this.words.textContent = this.dataset.point;
    this.button.textContent = this.dataset.stop;
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    this.#timer = setInterval(() => this.#look(detector, video), EVERY_MS);
  }

  async #look(detector, video) {
    const found = await detector.detect(video).catch(() => []);
    for (const { rawValue } of found) {
      const code = CODE.exec(rawValue)?.[1];
      if (code) {
        this.#stop();
        location.assign(`${this.dataset.go}?code=${encodeURIComponent(code)}`);
        return;
      }
      this.words.textContent = this.dataset.other;
    }
  }

  #stop() {
    clearInterval(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.querySelector("video")?.remove();
    if (this.button) {
      this.button.textContent = this.dataset.start;
      this.words.textContent = "";
    }
  }
}

customElements.define("eb-scan", Scan);
