// Pictures of the marks (drawn here, no image files) and the style of the quiet base map.
// @ts-check
import { token } from "eb/words";

const EDGE = "rgba(17,17,17,.7)";
const FONTS = ["Noto Sans Regular"];
export const LOCAL = "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif";

/** @param {number} width @param {number} height @param {(pen: CanvasRenderingContext2D) => void} paint */
function picture(width, height, paint) {
  const ratio = 2;
  const canvas = document.createElement("canvas");
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(ratio, ratio);
  paint(pen);
  return { data: pen.getImageData(0, 0, canvas.width, canvas.height), ratio };
}

/** @param {CanvasRenderingContext2D} pen @param {number} w @param {number} h */
function hatch(pen, w, h) {
  pen.save();
  pen.clip();
  pen.fillStyle = token("--eb-surface");
  pen.fillRect(0, 0, w, h);
  pen.strokeStyle = token("--eb-ink3");
  pen.lineWidth = 1;
  for (let x = -h; x < w; x += 5) {
    pen.beginPath();
    pen.moveTo(x, h);
    pen.lineTo(x + h, 0);
    pen.stroke();
  }
  pen.restore();
}

/** Every picture of the map by its name: air-0…6, water-0…6, outlet, outlet-stale, station, person, camera, wind, cluster. */
export function pictures() {
  /** @type {Record<string, {data: ImageData, ratio: number}>} */
  const all = {};
  for (let n = 0; n <= 6; n += 1) {
    all[`air-${n}`] = picture(34, 22, (pen) => {
      pen.beginPath();
      pen.roundRect(1, 1, 32, 20, 4);
      if (n) {
        pen.fillStyle = token(`--eb-aqi-${n}`);
        pen.fill();
      } else hatch(pen, 34, 22);
      pen.beginPath();
      pen.roundRect(1, 1, 32, 20, 4);
      pen.strokeStyle = EDGE;
      pen.lineWidth = 1;
      pen.stroke();
    });
    all[`water-${n}`] = picture(28, 28, (pen) => {
      pen.beginPath();
      pen.arc(14, 14, 12.5, 0, 7);
      if (n) {
        pen.fillStyle = token(`--eb-water-${n}`);
        pen.fill();
      } else hatch(pen, 28, 28);
      pen.beginPath();
      pen.arc(14, 14, 12.5, 0, 7);
      pen.strokeStyle = EDGE;
      pen.stroke();
    });
  }
  for (const stale of [false, true]) {
    all[stale ? "outlet-stale" : "outlet"] = picture(22, 22, (pen) => {
      const ring = () => {
        pen.beginPath();
        pen.moveTo(11, 3);
        pen.lineTo(19, 11);
        pen.lineTo(11, 19);
        pen.lineTo(3, 11);
        pen.closePath();
      };
      ring();
      if (stale) hatch(pen, 22, 22);
      else {
        pen.fillStyle = token("--eb-surface");
        pen.fill();
      }
      ring();
      pen.lineWidth = 2.4;
      pen.lineJoin = "round";
      pen.strokeStyle = token(stale ? "--eb-ink3" : "--eb-ink2");
      pen.stroke();
    });
    all[stale ? "station-stale" : "station"] = picture(20, 20, (pen) => {
      pen.beginPath();
      pen.roundRect(3, 3, 14, 14, 3);
      if (stale) hatch(pen, 20, 20);
      else {
        pen.fillStyle = token("--eb-surface");
        pen.fill();
      }
      pen.beginPath();
      pen.roundRect(3, 3, 14, 14, 3);
      pen.lineWidth = 2.2;
      pen.strokeStyle = token(stale ? "--eb-ink3" : "--eb-s5");
      pen.stroke();
    });
  }
  all.person = picture(26, 26, (pen) => {
    pen.fillStyle = token("--eb-surface");
    pen.strokeStyle = token("--eb-primary");
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(13, 13, 11.5, 0, 7);
    pen.fill();
    pen.stroke();
    pen.beginPath();
    pen.arc(13, 10, 3.4, 0, 7);
    pen.moveTo(7.2, 19.5);
    pen.arc(13, 20, 5.8, Math.PI, 0);
    pen.stroke();
  });
  all.camera = picture(26, 26, (pen) => {
    pen.fillStyle = token("--eb-surface");
    pen.strokeStyle = token("--eb-ink2");
    pen.lineWidth = 2;
    pen.beginPath();
    pen.roundRect(3, 7, 13, 12, 3);
    pen.fill();
    pen.stroke();
    pen.beginPath();
    pen.moveTo(16, 12);
    pen.lineTo(23, 8.5);
    pen.lineTo(23, 17.5);
    pen.lineTo(16, 14);
    pen.stroke();
  });
  all.wind = picture(26, 26, (pen) => {
    const shaft = (/** @type {string} */ colour, /** @type {number} */ width) => {
      pen.strokeStyle = token(colour);
      pen.lineWidth = width;
      pen.lineCap = pen.lineJoin = "round";
      pen.beginPath();
      pen.moveTo(13, 23);
      pen.lineTo(13, 4);
      pen.moveTo(8, 9);
      pen.lineTo(13, 4);
      pen.lineTo(18, 9);
      pen.stroke();
    };
    shaft("--eb-surface", 4.5);
    shaft("--eb-blue-text", 1.8);
  });
  all.cluster = picture(38, 38, (pen) => {
    pen.beginPath();
    pen.arc(19, 19, 16.5, 0, 7);
    pen.fillStyle = token("--eb-surface");
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = token("--eb-primary");
    pen.stroke();
  });
  return all;
}

/** Layers of the base: land, water, borders, names. The data carry the colour. */
export function baseLayers() {
  return [
    { id: "land", type: "background", paint: { "background-color": token("--eb-land-other") } },
    {
      id: "district",
      type: "fill",
      source: "base",
      filter: ["==", ["get", "kind"], "district"],
      paint: { "fill-color": token("--eb-land") },
    },
    {
      id: "water-fill",
      type: "fill",
      source: "base",
      filter: ["all", ["==", ["get", "kind"], "water"], ["==", ["geometry-type"], "Polygon"]],
      paint: { "fill-color": token("--eb-water-fill") },
    },
    {
      id: "water-line",
      type: "line",
      source: "base",
      filter: ["all", ["==", ["get", "kind"], "water"], ["==", ["geometry-type"], "LineString"]],
      paint: {
        "line-color": token("--eb-water-fill"),
        "line-width": ["interpolate", ["linear"], ["zoom"], 8, 3, 13, 12],
      },
    },
    {
      id: "border",
      type: "line",
      source: "base",
      filter: ["==", ["get", "kind"], "district"],
      paint: { "line-color": token("--eb-border"), "line-width": 1.1 },
    },
    {
      id: "track",
      type: "line",
      source: "base",
      filter: ["==", ["get", "kind"], "track"],
      layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": token("--eb-primary"), "line-width": 4 },
    },
  ];
}

/** Twice the area of a ring and its centre of gravity. @param {number[][]} ring */
function weigh(ring) {
  let [area, x, y] = [0, 0, 0];
  for (let place = 0; place < ring.length - 1; place++) {
    const [a, b] = [ring[place], ring[place + 1]];
    const cross = a[0] * b[1] - b[0] * a[1];
    area += cross;
    x += (a[0] + b[0]) * cross;
    y += (a[1] + b[1]) * cross;
  }
  return { area: Math.abs(area), at: area ? [x / (3 * area), y / (3 * area)] : ring[0] };
}

/** Where the name of a shape stands: the middle of its largest part. @param {any} geometry @returns {number[] | null} */
function middle(geometry) {
  const parts = { Polygon: [geometry.coordinates], MultiPolygon: geometry.coordinates }[/** @type {"Polygon"} */ (geometry.type)];
  if (parts) {
    const rings = parts.filter((/** @type {any} */ part) => part[0]?.length).map((/** @type {any} */ part) => weigh(part[0]));
    return rings.reduce((/** @type {any} */ best, /** @type {any} */ one) => (!best || one.area > best.area ? one : best), null)?.at ?? null;
  }
  const lines = { LineString: [geometry.coordinates], MultiLineString: geometry.coordinates }[/** @type {"LineString"} */ (geometry.type)];
  if (!lines) return geometry.type === "Point" ? geometry.coordinates : null;
  const longest = lines.reduce((/** @type {any} */ best, /** @type {any} */ one) => (one.length > best.length ? one : best), lines[0]);
  return longest[Math.floor(longest.length / 2)] ?? null;
}

/** One point for each name of the base: the map cuts shapes at tiles and would say a name once a piece. @param {{features: any[]}} base */
export function namePoints(base) {
  const features = base.features
    .filter((feature) => feature.properties?.name && feature.geometry)
    .map(({ properties, geometry }) => ({ type: "Feature", properties, geometry: { type: "Point", coordinates: middle(geometry) } }));
  return { type: "FeatureCollection", features: features.filter((feature) => feature.geometry.coordinates) };
}

/** Names of districts and waters, above the base and below the marks. @param {number} [scale] of words and marks: 1 on a desk, more on a wall */
export function nameLayer(scale = 1) {
  return {
    id: "names",
    type: "symbol",
    source: "names",
    layout: {
      "text-field": ["get", "name"],
      "text-font": FONTS,
      "text-size": 13 * scale,
      "symbol-placement": "point",
      "text-variable-anchor": ["center", "top", "bottom", "left", "right"],
      "text-radial-offset": 1.2,
      "text-padding": 6,
    },
    paint: {
      "text-color": ["case", ["==", ["get", "kind"], "water"], token("--eb-blue-text"), token("--eb-ink3")],
      "text-halo-color": token("--eb-land"),
      "text-halo-width": 1.4,
    },
  };
}

/** Layers of the marks: the wind below, then what comes in numbers with its clusters, then what has a value. @param {number} [scale] */
export function markLayers(scale = 1) {
  const words = { "text-font": FONTS, "text-allow-overlap": true, "icon-allow-overlap": true, "icon-size": scale };
  const stale = ["case", ["to-boolean", ["get", "stale"]], "-stale", ""];
  const symbol = [
    "match",
    ["get", "kind"],
    ["person", "camera"],
    ["get", "kind"],
    ["concat", ["get", "kind"], stale],
  ];
  return [
    {
      id: "wind",
      type: "symbol",
      source: "wind",
      layout: {
        ...words,
        "icon-image": "wind",
        "icon-rotate": ["get", "towards"],
        "icon-rotation-alignment": "map",
        "icon-offset": [0, -24],
        "text-field": ["get", "value"],
        "text-size": 12 * scale,
        "text-offset": [0, 1.5],
      },
      paint: { "text-color": token("--eb-blue-text"), "text-halo-color": token("--eb-land"), "text-halo-width": 1.4 },
    },
    {
      id: "many",
      type: "symbol",
      source: "many",
      filter: ["!", ["has", "point_count"]],
      layout: { "icon-image": symbol, "icon-allow-overlap": true, "icon-size": scale },
    },
    {
      id: "cluster",
      type: "symbol",
      source: "many",
      filter: ["has", "point_count"],
      layout: { ...words, "icon-image": "cluster", "text-field": ["to-string", ["get", "point_count"]], "text-size": 13 * scale },
      paint: { "text-color": token("--eb-primary") },
    },
    {
      id: "few",
      type: "symbol",
      source: "few",
      layout: {
        ...words,
        "icon-image": ["concat", ["get", "kind"], "-", ["to-string", ["get", "number"]]],
        "text-field": ["get", "value"],
        "text-size": 13 * scale,
      },
      paint: { "text-color": ["case", ["all", ["==", ["get", "kind"], "air"], [">=", ["get", "number"], 5]], "#ffffff", ["==", ["get", "number"], 0], token("--eb-ink"), "#111111"] },
    },
  ];
}
