// The slider under the map: it moves all layers together through the last hours; "latest" is a button.
// @ts-check
import { beijing, button, say } from "eb/words";

const HOUR = 3600000;

/**
 * Put the slider under a map whose data-hours says how far back it goes; null where it says nothing.
 * @param {HTMLElement & {at: string, refresh: () => Promise<void>}} map
 */
export function timeSlider(map) {
  const hours = Number(map.dataset.hours || 0);
  if (!hours) return null;
  const box = document.createElement("div");
  box.className = "eb-map-time";
  const label = document.createElement("label");
  const range = document.createElement("input");
  range.type = "range";
  range.min = String(-hours);
  range.max = "0";
  range.value = "0";
  range.id = `${map.id}-time`;
  label.htmlFor = range.id;
  label.textContent = say("map.time");
  const words = document.createElement("output");
  const latest = button(say("map.latest"), "", "eb-btn");
  const show = () => {
    const back = Number(range.value);
    const then = (Math.floor(Date.now() / HOUR) + back) * HOUR;
    map.at = back ? new Date(then).toISOString() : "";
    const { short, time } = beijing(then);
    words.textContent = back ? say("map.at", { date: short, time }) : say("map.latest");
    range.setAttribute("aria-valuetext", words.textContent);
    latest.setAttribute("aria-pressed", String(!back));
  };
  range.addEventListener("input", show);
  range.addEventListener("change", () => map.refresh());
  latest.addEventListener("click", () => {
    range.value = "0";
    show();
    map.refresh();
  });
  show();
  box.append(label, range, words, latest);
  map.append(box);
  return box;
}
