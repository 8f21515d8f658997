// What stands over a map: zoom and home, the scale bar, the switch to its list, and the box of its layers.
// @ts-check
import { button, icon, say } from "eb/words";

/**
 * What the parts need of the map they stand over.
 * @typedef {HTMLElement & {
 *   map: import("maplibre-gl").Map | null, list?: HTMLElement, canvas?: HTMLElement, box?: HTMLElement | null,
 *   time?: HTMLElement | null, scale?: HTMLElement, layers: any[], marks: {features: any[]},
 *   hidden_kinds: Set<string>, counts: Map<string, HTMLElement>,
 *   bounds: () => number[], has: (kind: string) => boolean, place: () => void,
 * }} Owner
 */

/** The official colours with their words. @param {string} kind */
function legend(kind) {
  const scale = document.createElement("div");
  scale.className = "eb-scale";
  say(`legend.${kind}`)
    .split(" ")
    .forEach((word, place) => {
      const part = document.createElement("span");
      part.className = `eb-${kind === "air" ? "aqi" : "water"}-${place + 1}`;
      part.textContent = word;
      scale.append(part);
    });
  return scale;
}

/** A button that shows a sign and says a word. @param {string} symbol @param {string} words @param {() => void} act */
function sign(symbol, words, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.append(icon(symbol));
  const name = document.createElement("span");
  name.className = "eb-sr";
  name.textContent = say(words);
  made.append(name);
  made.addEventListener("click", act);
  return made;
}

/** Put zoom, home, the place of the scale bar and the switch to the list over a map. @param {Owner} owner */
export function tools(owner) {
  const box = document.createElement("div");
  box.className = "eb-map-tools";
  const zoom = document.createElement("div");
  zoom.className = "eb-map-zoom";
  zoom.append(
    sign("plus", "map.zoom_in", () => owner.map?.zoomIn({ duration: 0 })),
    sign("minus", "map.zoom_out", () => owner.map?.zoomOut({ duration: 0 })),
    sign("home", "map.home", () => owner.map?.fitBounds(/** @type {any} */ (owner.bounds()), { padding: 28, duration: 0 })),
  );
  owner.scale = document.createElement("div");
  owner.scale.className = "eb-map-scale";
  box.append(zoom, owner.scale);
  owner.append(box, listSwitch(owner, box));
  return box;
}

/** The switch between the map and the list that says the same. @param {Owner} owner @param {HTMLElement} box */
function listSwitch(owner, box) {
  const list = button(say("map.list"), "list", "eb-btn eb-map-switch");
  list.addEventListener("click", () => {
    const shown = Boolean(owner.list?.hidden);
    if (owner.list) owner.list.hidden = !shown;
    for (const part of [owner.canvas, box, owner.box, owner.time]) if (part) part.hidden = shown;
    list.querySelector("span")?.replaceChildren(say(shown ? "map.map" : "map.list"));
    if (!shown) owner.map?.resize();
  });
  return list;
}

/** Put the box of the layers over a map, with counts and legends; null where it has none. @param {Owner} owner */
export function layerBox(owner) {
  if (!owner.layers.length) return null;
  const box = document.createElement("details");
  box.className = "eb-map-layers";
  box.open = owner.clientWidth > 640;
  const head = document.createElement("summary");
  head.textContent = say("map.layers");
  box.append(head, ...owner.layers.map((layer) => layerRow(owner, layer)));
  for (const kind of ["air", "water"]) if (owner.has(kind)) box.append(legend(kind));
  if (owner.marks.features.some((feature) => feature.properties.stale)) {
    const stale = document.createElement("p");
    stale.className = "eb-caption";
    stale.textContent = say("map.stale");
    box.append(stale);
  }
  owner.append(box);
  return box;
}

/** One layer: whether it is shown, its name, how many there are. @param {Owner} owner @param {any} layer */
function layerRow(owner, layer) {
  const label = document.createElement("label");
  label.className = "eb-check";
  const tick = document.createElement("input");
  tick.type = "checkbox";
  tick.checked = layer.on !== false;
  if (!tick.checked) owner.hidden_kinds.add(layer.kind);
  tick.addEventListener("change", () => {
    if (tick.checked) owner.hidden_kinds.delete(layer.kind);
    else owner.hidden_kinds.add(layer.kind);
    owner.place();
  });
  const words = document.createElement("span");
  words.textContent = layer.words ?? say(`kind.${layer.kind}`);
  const count = document.createElement("span");
  count.className = "eb-caption";
  count.textContent = layer.note ?? String(owner.marks.features.filter((f) => f.properties.kind === layer.kind).length);
  owner.counts.set(layer.kind, count);
  label.append(tick, words, count);
  return label;
}

/** Draw the scale bar for the latitude and zoom a map shows. @param {Owner} owner */
export function scaleBar(owner) {
  const map = owner.map;
  if (!map || !owner.scale) return;
  const perPixel = (40075016.7 * Math.cos((map.getCenter().lat * Math.PI) / 180)) / (512 * 2 ** map.getZoom());
  const most = perPixel * 100;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = [5, 2, 1].map((k) => k * power).find((m) => m <= most) ?? power;
  const width = length / perPixel;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("width", String(width + 2));
  svg.setAttribute("height", "6");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", `M1 0v5h${width}v-5`);
  svg.append(path);
  const words = document.createElement("span");
  words.textContent = say("map.scale", length >= 1000 ? { n: length / 1000, unit: "km" } : { n: length, unit: "m" });
  owner.scale.replaceChildren(svg, words);
}
