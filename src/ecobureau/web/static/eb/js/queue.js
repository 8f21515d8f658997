// What a phone has done and the server does not have yet: photos and verbs, in order, in IndexedDB. Each carries a client
// UUID, so that sending twice does nothing twice. Survives reloads, no network, and an expired session.
// What is `soft` is let go when it is refused and holds nothing else back (the track of a visit).
// <eb-queue>: the strip that says so. <form data-eb-queue="API address">: its submission goes through the queue.
// @ts-check
import { announce, button, cookie, icon, say } from "eb/words";

/**
 * @typedef {{uuid: string, user: string, record: string, url: string, fields: Record<string, string>, blob?: Blob,
 *   name?: string, soft?: boolean, made: number, state: "waiting" | "refused", why?: string}} Item
 */

const NAME = "ecobureau";
const STORE = "queue";
const BACK_OFF = [2000, 5000, 15000, 60000];

/** @type {Promise<IDBDatabase> | null} */
let opened = null;
let sending = false;
let again = false;
let attempt = 0;
let timer = 0;
/** Whether the last try said that nobody is signed in. */
export const status = { signedOut: false, offline: !navigator.onLine };

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "uuid" }).createIndex("made", "made");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T>}
 */
async function within(mode, act) {
  const db = await database();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(STORE, mode, { durability: "strict" });
    const asked = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** A UUID also where the page is not served securely. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The record an address is about: everything before `files/` or `do/`. @param {string} url */
export function recordOf(url) {
  return url.replace(/(files|do\/[^/]+)\/?$/, "");
}

/** Items of the person of this page, oldest first. @returns {Promise<Item[]>} */
export async function items() {
  const all = await within("readonly", (store) => store.index("made").getAll());
  return all.filter((item) => item.user === (document.body.dataset.user || ""));
}

/** Keep an item behind all that is kept, also where the phone's clock was set back.
 * @param {any} item */
async function append(item) {
  const db = await database();
  await new Promise((resolve, reject) => {
    const transaction = db.transaction(STORE, "readwrite", { durability: "strict" });
    const store = transaction.objectStore(STORE);
    store.index("made").openKeyCursor(null, "prev").onsuccess = (event) => {
      const last = /** @type {IDBRequest<IDBCursor | null>} */ (event.target).result;
      store.put({ ...item, made: Math.max(Date.now(), Number(last?.key ?? 0) + 1) });
    };
    transaction.oncomplete = () => resolve(undefined);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/**
 * Keep an item and try to send it.
 * @param {Omit<Item, "user" | "made" | "state" | "record"> & {record?: string}} item
 */
export async function enqueue(item) {
  const record = item.record ?? recordOf(item.url);
  await append({ ...item, user: document.body.dataset.user || "", record, state: "waiting" });
  tell();
  drain();
}

/** Let what was refused of a record, and what waits behind it, be tried again. @param {string} record */
export async function retry(record) {
  for (const item of await items()) {
    if (item.record !== record || item.state !== "refused") continue;
    await within("readwrite", (store) => store.put({ ...item, state: "waiting", why: "" }));
  }
  tell();
  drain();
}

/** What must be in the queue before a form is: photos that still look for their place, the rest of a track.
 * @type {Set<(record: string, url: string) => Promise<unknown>>} */
export const before = new Set();

/** @param {string} id */
export async function discard(id) {
  await within("readwrite", (store) => store.delete(id));
  tell();
}

/** @param {Item | null} [item] @param {string} [what] @param {any} [answer] */
function tell(item = null, what = "", answer = null) {
  document.dispatchEvent(new CustomEvent("eb-queue", { detail: { item, what, answer } }));
}

/** @param {Item} item */
function body(item) {
  const form = new FormData();
  for (const [name, value] of Object.entries(item.fields)) form.append(name, value);
  if (item.blob) form.append("file", item.blob, item.name || "photo.jpg");
  return form;
}

/**
 * Send one item.
 * @param {Item} item
 * @returns {Promise<"sent" | "refused" | "signin" | "later">}
 */
async function send(item) {
  let answer;
  try {
    answer = await fetch(item.url, {
      method: "POST",
      body: body(item),
      headers: { "X-CSRFToken": cookie("csrftoken"), Accept: "application/json" },
      redirect: "manual",
    });
  } catch {
    status.offline = true;
    return "later";
  }
  status.offline = false;
  if (answer.ok) {
    const given = await answer.json().catch(() => ({}));
    await within("readwrite", (store) => store.delete(item.uuid));
    tell(item, "sent", given);
    return "sent";
  }
  const given = await answer.json().catch(() => ({}));
  const nobody = answer.status === 401 || answer.type === "opaqueredirect" || given.code === "core.sign_in";
  if (nobody || (answer.status === 403 && !given.code)) {
    status.signedOut = true;
    tell(item, "signin");
    return "signin";
  }
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return "later";
  if (item.soft) {
    await within("readwrite", (store) => store.delete(item.uuid));
    tell(item, "dropped");
    return "sent";
  }
  const why = given.detail || given.error || Object.values(given.errors ?? {}).flat().join(" ") || String(answer.status);
  await within("readwrite", (store) => store.put({ ...item, state: "refused", why }));
  tell(item, "refused", { ...given, detail: why });
  return "refused";
}

/** Send what waits, in order; one tab at a time. */
export async function drain() {
  if (sending) {
    again = true;
    return;
  }
  sending = true;
  try {
    if (navigator.locks) await navigator.locks.request("eb-queue", { ifAvailable: true }, (lock) => (lock ? run() : wait()));
    else await run();
  } finally {
    sending = false;
    tell();
  }
  if (again) {
    again = false;
    drain();
  }
}

/** Another tab, or this one's last page while it goes, is sending: look again soon, or what is left would lie. */
function wait() {
  clearTimeout(timer);
  timer = window.setTimeout(drain, BACK_OFF[0]);
}

async function run() {
  clearTimeout(timer);
  status.signedOut = false;
  const held = new Set();
  for (const item of await items()) {
    if (item.state === "refused") held.add(item.record);
    if (item.state !== "waiting" || held.has(item.record)) continue;
    const result = await send(item);
    if (result === "refused") held.add(item.record);
    if (result === "signin") return;
    if (result === "later") {
      timer = window.setTimeout(drain, BACK_OFF[Math.min(attempt, BACK_OFF.length - 1)]);
      attempt += 1;
      return;
    }
    attempt = 0;
  }
}

class Queue extends HTMLElement {
  connectedCallback() {
    this.listen = () => this.draw();
    document.addEventListener("eb-queue", this.listen);
    this.draw();
  }

  disconnectedCallback() {
    if (this.listen) document.removeEventListener("eb-queue", this.listen);
  }

  async draw() {
    const all = await items();
    const refused = all.find((item) => item.state === "refused");
    const waiting = all.filter((item) => item.state === "waiting").length;
    /** @type {(Node | string)[]} */
    const parts = [];
    if (refused) {
      const drop = button(say("photo.remove"), "trash", "eb-btn");
      drop.addEventListener("click", async () => {
        await discard(refused.uuid);
        drain();
      });
      parts.push(icon("alert-triangle"), say("queue.refused", { why: refused.why || "" }), drop);
    } else if (status.signedOut && waiting) {
      const link = document.createElement("a");
      link.className = "eb-link";
      link.href = `/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`;
      link.textContent = say("queue.signin");
      parts.push(icon("login"), link);
    } else if (waiting) parts.push(icon("cloud-upload"), say("queue.waiting", { n: waiting }));
    else if (status.offline || !navigator.onLine) parts.push(icon("cloud-off"), say("queue.offline"));
    this.dataset.waiting = String(waiting);
    const words = parts.map((part) => (typeof part === "string" ? part : part.textContent)).join("");
    if (this.dataset.words === words) return;
    this.dataset.words = words;
    this.replaceChildren(...parts);
    this.hidden = !parts.length;
  }
}

const LOCATE_S = 12;
const WHY_NOT = ["", "denied", "unavailable", "timeout"];

/**
 * Ask the phone where it is; what it says, or why it says nothing. Never fails, and never waits longer than LOCATE_S.
 * @returns {Promise<Record<string, string>>}
 */
function locate() {
  return new Promise((resolve) => {
    if (!navigator.geolocation || !window.isSecureContext) return resolve({ no_position: "unsupported" });
    // The browser's own time-out does not run while it asks the person.
    const last = setTimeout(() => resolve({ no_position: "timeout" }), (LOCATE_S + 3) * 1000);
    navigator.geolocation.getCurrentPosition(
      ({ coords, timestamp }) => {
        clearTimeout(last);
        resolve({
          lon: String(coords.longitude),
          lat: String(coords.latitude),
          accuracy: String(coords.accuracy),
          located_at: new Date(timestamp).toISOString(),
        });
      },
      (problem) => {
        clearTimeout(last);
        resolve({ no_position: WHY_NOT[problem.code] || "unavailable" });
      },
      { enableHighAccuracy: true, timeout: LOCATE_S * 1000, maximumAge: 30000 },
    );
  });
}

/** Go on to a page once nothing of the record waits any more: what is under way is not cut off.
 * @param {string} record @param {string} after */
async function leave(record, after) {
  if ((await items()).some((item) => item.record === record && item.state === "waiting")) return;
  location.assign(after);
}

/** @param {SubmitEvent} event */
async function submitted(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!(form instanceof HTMLFormElement) || !form.dataset.ebQueue) return;
  event.preventDefault();
  const given = new FormData(form, event.submitter);
  /** @type {Record<string, string>} */
  const fields = {};
  for (const [name, value] of given) if (typeof value === "string" && name !== "csrfmiddlewaretoken") fields[name] = value;
  fields.client_uuid ||= uuid();
  fields.at_device = new Date().toISOString();
  for (const part of form.querySelectorAll("button")) part.disabled = true;
  if ("ebPosition" in form.dataset) {
    announce(say("position.asking", { n: LOCATE_S }));
    Object.assign(fields, await locate());
  }
  const id = fields.client_uuid;
  const after = form.dataset.ebAfter || "";
  const done = (/** @type {Event} */ news) => {
    const { item, what } = /** @type {CustomEvent} */ (news).detail;
    if (item?.uuid !== id) return;
    document.removeEventListener("eb-queue", done);
    if (what === "sent") {
      announce(say("queue.sent", { n: 1 }));
      if (after) leave(item.record, after);
    }
    if (what === "refused") for (const part of form.querySelectorAll("button")) part.disabled = false;
  };
  document.addEventListener("eb-queue", done);
  const url = form.dataset.ebQueue;
  for (const first of before) await first(recordOf(url), url);
  form.dataset.ebSaved = "";
  await enqueue({ uuid: id, url, fields });
  if (status.offline || !navigator.onLine) form.closest("dialog")?.close();
  announce(say("queue.saved"));
}

customElements.define("eb-queue", Queue);
document.addEventListener("submit", submitted);
addEventListener("online", () => {
  status.offline = false;
  attempt = 0;
  drain();
});
addEventListener("offline", () => {
  status.offline = true;
  tell();
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && drain());
drain();
document.documentElement.dataset.queue = "";
