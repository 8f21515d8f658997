// Scans a sign's QR code in the browser: by BarcodeDetector where there is one that reads QR codes, else by jsQR, which
// comes from this server. Without a camera the element stays empty and the form below it takes the typed code.

/** Return a function that reads the texts in a video's picture. */
async function reader() {
  const kinds = (await window.BarcodeDetector?.getSupportedFormats?.().catch(() => [])) ?? [];
  if (kinds.includes("qr_code")) {
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video).catch(() => [])).map((found) => found.rawValue);
  }
  await import("jsqr");
  const board = document.createElement("canvas");
  const pen = board.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    if (!video.videoWidth) return [];
    const scale = Math.min(1, 640 / Math.max(video.videoWidth, video.videoHeight));
    board.width = Math.round(video.videoWidth * scale);
    board.height = Math.round(video.videoHeight * scale);
    pen.drawImage(video, 0, 0, board.width, board.height);
    const { data, width, height } = pen.getImageData(0, 0, board.width, board.height);
    const found = window.jsQR(data, width, height);
    return found?.data ? [found.data] : [];
  };
}

const EVERY_MS = 250;
const CODE = /\/c\/([0-9A-Za-z-]{12,20})\/?$/;

class Scan extends HTMLElement {
  #stream = null;
  #timer = 0;

  connectedCallback() {
    if (!navigator.mediaDevices?.getUserMedia || this.button) return;
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
    const read = await reader();
    if (this.#stream) this.#timer = setInterval(() => this.#look(read, video), EVERY_MS);
  }

  async #look(read, video) {
    for (const text of await read(video)) {
      if (!this.#stream) return;
      const code = CODE.exec(text)?.[1];
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
