// <eb-map data-json="ID">, or data-marks="URL" and data-base="URL": a map over the list that stands inside it.
// Own GeoJSON only. Marks are features with properties kind, id, name; kinds: clue, air, water, outlet, station, person,
// camera. With data-eb-topics news of them (through <eb-live>) take the marks anew. Choosing one fires `eb-choose` and, where the feature has `panel`, loads that address beside the map.
// @ts-check
import * as maplibre from "maplibre-gl";
import { layerBox, scaleBar, tools } from "eb/map-controls";
import { baseLayers, LOCAL, markLayers, nameLayer, namePoints, pictures } from "eb/map-marks";
import { timeSlider } from "eb/map-time";
import { button, icon, say } from "eb/words";

maplibre.setWorkerUrl(import.meta.resolve("maplibre-gl-worker"));

/** The library's own style sheet, once a page, before the first map. */
const styled = new Promise((resolve) => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = import.meta.resolve("maplibre-gl.css");
  link.onload = link.onerror = () => resolve(undefined);
  document.head.prepend(link);
});

const CLUSTER_UP_TO = 12;
const KINDS = ["clue", "air", "water", "outlet", "station", "person", "camera", "wind"];
const LEVELS = ["red", "orange", "yellow", "blue"];
/** @typedef {{type: "FeatureCollection", features: any[]}} Collection */

/** @param {any} geometry @param {number[]} box */
function widen(geometry, box) {
  const walk = (/** @type {any} */ part) => {
    if (typeof part[0] === "number") {
      box[0] = Math.min(box[0], part[0]);
      box[1] = Math.min(box[1], part[1]);
      box[2] = Math.max(box[2], part[0]);
      box[3] = Math.max(box[3], part[1]);
    } else part.forEach(walk);
  };
  if (geometry?.coordinates) walk(geometry.coordinates);
  return box;
}

class EcoMap extends HTMLElement {
  /** @type {maplibre.Map | null} */
  map = null;
  /** @type {Collection} */
  base = { type: "FeatureCollection", features: [] };
  /** @type {Collection} */
  marks = { type: "FeatureCollection", features: [] };
  /** @type {any[]} */
  layers = [];
  /** @type {number[] | null} */
  home = null;
  /** @type {Map<string, maplibre.Marker>} */
  clues = new Map();
  /** @type {Set<string>} */
  hidden_kinds = new Set();
  chosen = "";
  /** The instant that is shown; empty: now. */
  at = "";
  /** What stands behind each layer's name. @type {Map<string, HTMLElement>} */
  counts = new Map();
  /** The box of the layers. @type {HTMLElement | null} */
  box = null;
  /** The scale bar. @type {HTMLElement | undefined} */
  scale = undefined;

  async connectedCallback() {
    if (this.map || this.dataset.starting) return;
    this.dataset.starting = "";
    this.addEventListener("eb-refresh", () => this.refresh());
    this.list = document.createElement("div");
    this.list.className = "eb-map-list";
    this.list.append(...this.childNodes);
    this.list.hidden = true;
    this.canvas = document.createElement("div");
    this.canvas.className = "eb-map-canvas";
    this.append(this.canvas, this.list);
    try {
      await Promise.all([this.load(), styled]);
      this.start();
    } catch (problem) {
      console.error("map", problem);
      this.fail();
    }
  }

  disconnectedCallback() {
    this.themes?.disconnect();
    this.map?.remove();
    this.map = null;
  }

  fail() {
    this.canvas?.remove();
    if (this.list) this.list.hidden = false;
    const words = document.createElement("p");
    words.className = "eb-note eb-note-orange";
    words.textContent = say("map.failed");
    this.prepend(words);
    this.dataset.ready = "list";
  }

  async load() {
    const inside = document.getElementById(this.dataset.json || "");
    const given = inside ? JSON.parse(inside.textContent || "{}") : {};
    const fetched = async (/** @type {string | undefined} */ address) => {
      if (!address) return null;
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
      return answer.json();
    };
    const [base, marks] = await Promise.all([fetched(this.dataset.base), fetched(this.dataset.marks)]);
    this.base = base ?? given.base ?? this.base;
    this.take(marks ?? given.marks ?? this.marks);
    this.layers = given.layers ?? marks?.layers ?? KINDS.filter((kind) => this.has(kind)).map((kind) => ({ kind }));
    this.home = given.home ?? null;
  }

  /** @param {string} kind */
  has(kind) {
    return this.marks.features.some((feature) => feature.properties.kind === kind);
  }

  /** @param {Collection} collection */
  take(collection) {
    this.marks = { type: "FeatureCollection", features: collection.features ?? [] };
  }

  /** Take the marks anew from their address; the view stays. */
  async refresh() {
    if (!this.dataset.marks || !this.map) return;
    const address = new URL(this.dataset.marks, location.href);
    if (this.at) address.searchParams.set("at", this.at);
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const given = await answer.json();
    this.take(given);
    this.place();
    for (const [kind, caption] of this.counts) {
      const note = given.layers?.find((/** @type {any} */ layer) => layer.kind === kind)?.note;
      caption.textContent = note ?? String(this.marks.features.filter((f) => f.properties.kind === kind).length);
    }
  }

  view() {
    const found = /#?map=([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)/.exec(location.hash);
    return found ? { zoom: Number(found[1]), center: /** @type {[number, number]} */ ([Number(found[3]), Number(found[2])]) } : null;
  }

  bounds() {
    if (this.home) return this.home;
    const box = [180, 90, -180, -90];
    for (const feature of this.base.features) widen(feature.geometry, box);
    if (box[0] > box[2]) for (const feature of this.marks.features) widen(feature.geometry, box);
    return box[0] > box[2] ? [114, 30, 115, 31] : box;
  }

  look() {
    // Words and marks grow with the type of the place the map stands in: 16 px and less is a desk, a wall has more.
    const scale = Math.max(1, parseFloat(getComputedStyle(this).fontSize) / 16);
    return /** @type {any} */ ({
      version: 8,
      sources: {
        base: { type: "geojson", data: this.base },
        names: { type: "geojson", data: namePoints(this.base) },
        many: {
          type: "geojson",
          data: this.shown(["outlet", "station", "camera", "person"]),
          cluster: true,
          clusterMaxZoom: CLUSTER_UP_TO,
          clusterRadius: 46,
        },
        few: { type: "geojson", data: this.shown(["air", "water"]) },
        wind: { type: "geojson", data: this.shown(["wind"]) },
      },
      layers: [...baseLayers(), nameLayer(scale), ...markLayers(scale)],
    });
  }

  /** @param {string[]} kinds @returns {Collection} */
  shown(kinds) {
    return {
      type: "FeatureCollection",
      features: this.marks.features.filter(
        (feature) => kinds.includes(feature.properties.kind) && !this.hidden_kinds.has(feature.properties.kind),
      ),
    };
  }

  start() {
    const view = this.view();
    const box = this.bounds();
    const map = new maplibre.Map({
      container: /** @type {HTMLElement} */ (this.canvas),
      style: this.look(),
      attributionControl: false,
      localIdeographFontFamily: LOCAL,
      dragRotate: false,
      pitchWithRotate: false,
      maxZoom: 18,
      fadeDuration: 0,
      ...(view ?? { bounds: /** @type {[number, number, number, number]} */ (box), fitBoundsOptions: { padding: 28 } }),
    });
    map.touchZoomRotate.disableRotation();
    this.map = map;
    const canvas = map.getCanvas();
    canvas.setAttribute("aria-label", say("map.label"));
    for (const [name, image] of Object.entries(pictures())) map.addImage(name, image.data, { pixelRatio: image.ratio });
    map.on("load", () => {
      this.place();
      map.once("idle", () => {
        this.dataset.ready = "";
      });
    });
    map.on("moveend", () => this.moved());
    map.on("click", (event) => this.clicked(event));
    for (const layer of ["many", "few", "cluster"]) {
      map.on("mouseenter", layer, () => (canvas.style.cursor = "pointer"));
      map.on("mouseleave", layer, () => (canvas.style.cursor = ""));
    }
    tools(this);
    this.moved();
    this.box = layerBox(this);
    this.time = timeSlider(this);
    this.themes = new MutationObserver(() => this.repaint());
    this.themes.observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  }

  repaint() {
    const map = this.map;
    if (!map) return;
    for (const [name, image] of Object.entries(pictures())) map.updateImage(name, image.data);
    map.setStyle(this.look(), { diff: true });
  }

  place() {
    const map = this.map;
    if (!map) return;
    /** @type {any} */ (map.getSource("many"))?.setData(this.shown(["outlet", "station", "camera", "person"]));
    /** @type {any} */ (map.getSource("few"))?.setData(this.shown(["air", "water"]));
    /** @type {any} */ (map.getSource("wind"))?.setData(this.shown(["wind"]));
    const wanted = new Map(this.shown(["clue"]).features.map((feature) => [String(feature.properties.id), feature]));
    for (const [id, marker] of this.clues) {
      if (wanted.has(id)) continue;
      marker.remove();
      this.clues.delete(id);
    }
    const order = [...wanted].sort((a, b) => LEVELS.indexOf(b[1].properties.level) - LEVELS.indexOf(a[1].properties.level));
    for (const [id, feature] of order) {
      const known = this.clues.get(id);
      if (known) known.setLngLat(feature.geometry.coordinates);
      else this.clues.set(id, this.clue(feature));
    }
  }

  /** @param {any} feature */
  clue(feature) {
    const { level, name } = feature.properties;
    const place = document.createElement("button");
    place.type = "button";
    place.className = "eb-map-mark";
    place.setAttribute("aria-pressed", "false");
    const badge = document.createElement("span");
    badge.className = `eb-sev eb-sev-${level} eb-sev-lg`;
    badge.append(icon(`mark-sev-${level}`));
    const mark = document.createElement("span");
    mark.textContent = { red: "红", orange: "橙", yellow: "黄", blue: "蓝" }[/** @type {"red"} */ (level)] ?? "—";
    mark.setAttribute("aria-hidden", "true");
    badge.append(mark);
    const words = document.createElement("span");
    words.className = "eb-sr";
    words.textContent = `${say(`level.${level}`)} ${name}`;
    place.append(badge, words);
    place.addEventListener("click", (event) => {
      event.stopPropagation();
      this.choose(feature);
    });
    return new maplibre.Marker({ element: place }).setLngLat(feature.geometry.coordinates).addTo(/** @type {maplibre.Map} */ (this.map));
  }

  /** @param {maplibre.MapMouseEvent} event */
  async clicked(event) {
    const map = /** @type {maplibre.Map} */ (this.map);
    const [hit] = map.queryRenderedFeatures(event.point, { layers: ["few", "many", "cluster"] });
    if (!hit) return;
    if (hit.properties.point_count) {
      const zoom = await /** @type {any} */ (map.getSource("many")).getClusterExpansionZoom(hit.properties.cluster_id);
      this.go(/** @type {any} */ (hit.geometry).coordinates, zoom);
      return;
    }
    const whole = this.marks.features.find((feature) => feature.properties.id === hit.properties.id && feature.properties.kind === hit.properties.kind);
    if (whole) this.choose(whole);
  }

  /** @param {[number, number]} center @param {number} [zoom] */
  go(center, zoom) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map?.easeTo({ center, zoom: zoom ?? this.map.getZoom(), duration: still ? 0 : 150 });
  }

  /** @param {any} feature */
  choose(feature) {
    this.chosen = `${feature.properties.kind}:${feature.properties.id}`;
    for (const [id, marker] of this.clues) {
      marker.getElement().setAttribute("aria-pressed", String(this.chosen === `clue:${id}`));
    }
    this.dispatchEvent(new CustomEvent("eb-choose", { bubbles: true, detail: feature.properties }));
    if (feature.properties.panel) this.open(feature.properties.panel);
  }

  /** Load a fragment into the panel beside the map. @param {string} address */
  async open(address) {
    let panel = /** @type {HTMLElement | null} */ (this.querySelector(".eb-map-panel"));
    if (!panel) {
      panel = document.createElement("section");
      panel.className = "eb-map-panel";
      panel.tabIndex = -1;
      this.append(panel);
    }
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    const close = button("", "x", "eb-btn eb-btn-plain eb-btn-square eb-push");
    const words = document.createElement("span");
    words.className = "eb-sr";
    words.textContent = say("map.close");
    close.append(words);
    close.addEventListener("click", () => this.shut());
    const body = document.createElement("div");
    body.innerHTML = answer.ok ? await answer.text() : "";
    if (!answer.ok) body.textContent = `${answer.status}`;
    const row = document.createElement("div");
    row.className = "eb-row";
    row.append(close);
    panel.replaceChildren(row, body);
    /** @type {any} */ (globalThis).htmx?.process(panel);
    panel.focus();
    panel.onkeydown = (event) => {
      if (event.key === "Escape") this.shut();
    };
  }

  shut() {
    this.querySelector(".eb-map-panel")?.remove();
    const marker = this.clues.get(this.chosen.replace("clue:", ""));
    this.chosen = "";
    for (const one of this.clues.values()) one.getElement().setAttribute("aria-pressed", "false");
    (marker?.getElement() ?? this.map?.getCanvas())?.focus();
  }
  /** Draw what hangs on the view, and keep the view in the address where the page asks for it. */
  moved() {
    const map = this.map;
    if (!map) return;
    scaleBar(this);
    if (this.dataset.keepView !== undefined && this.dataset.ready !== undefined) {
      const { lat, lng } = map.getCenter();
      history.replaceState(history.state, "", `#map=${map.getZoom().toFixed(2)}/${lat.toFixed(4)}/${lng.toFixed(4)}`);
    }
  }
}

customElements.define("eb-map", EcoMap);
