// The words of the page, in its language; and a little formatting that every island needs.
// @ts-check

/** @type {Record<string, string> | null} */
let book = null;

/** @returns {Record<string, string>} */
function words() {
  if (!book) {
    const place = document.getElementById("eb-words");
    book = place ? JSON.parse(place.textContent || "{}") : {};
  }
  return /** @type {Record<string, string>} */ (book);
}

/**
 * A sentence of the catalogue with its `{names}` filled in.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function say(key, values = {}) {
  const text = words()[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * A length of time in the words of the pages; the same rule as core.parts.span_words.
 * @param {number} milliseconds
 * @param {boolean} [toTheSecond]
 */
export function spanWords(milliseconds, toTheSecond = true) {
  let seconds = Math.floor(Math.abs(milliseconds) / 1000);
  if (!toTheSecond) seconds = Math.max(seconds, 60);
  else if (seconds < 600) return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
  if (seconds < 3600) return say("span.minutes", { n: Math.floor(seconds / 60) });
  if (seconds < 86400) {
    const h = Math.floor(seconds / 3600);
    const m = Math.floor((seconds % 3600) / 60);
    return m ? say("span.hours_minutes", { h, m }) : say("span.hours", { h });
  }
  return say("span.days", { n: Math.floor(seconds / 86400) });
}

/** @param {number} n */
export function two(n) {
  return String(n).padStart(2, "0");
}

/**
 * Parts of an instant on the clock of Beijing (+08:00), whatever the zone of this computer.
 * @param {number} milliseconds
 */
export function beijing(milliseconds) {
  const date = new Date(milliseconds + 8 * 3600 * 1000);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  const [hour, minute, second] = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  return {
    year,
    month,
    day,
    hour,
    minute,
    second,
    date: `${year}-${two(month)}-${two(day)}`,
    short: `${two(month)}-${two(day)}`,
    time: `${two(hour)}:${two(minute)}`,
    full: `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}`,
  };
}

/** @returns {boolean} */
export function english() {
  return document.documentElement.lang.startsWith("en");
}

/** Value of a token of the page, e.g. `--eb-primary`. @param {string} name */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @param {string} name */
export function cookie(name) {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

/**
 * An icon of the sprite.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "eb-icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * A button of the house.
 * @param {string} text
 * @param {string} [symbol]
 * @param {string} [css]
 */
export function button(text, symbol = "", css = "eb-btn") {
  const made = document.createElement("button");
  made.type = "button";
  made.className = css;
  if (symbol) made.append(icon(symbol));
  const span = document.createElement("span");
  span.textContent = text;
  made.append(span);
  return made;
}

/**
 * Say something once to those who listen to the page.
 * @param {string} text
 */
export function announce(text) {
  let place = document.getElementById("eb-announce");
  if (!place) {
    place = document.createElement("div");
    place.id = "eb-announce";
    place.className = "eb-sr";
    place.setAttribute("role", "status");
    place.setAttribute("aria-live", "polite");
    document.body.append(place);
  }
  place.textContent = text;
}

/**
 * Hand a file to the reader.
 * @param {string} name
 * @param {Blob | string} body blob or data address
 */
export function hand(name, body) {
  const link = document.createElement("a");
  link.download = name;
  link.href = typeof body === "string" ? body : URL.createObjectURL(body);
  link.click();
  if (typeof body !== "string") setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
