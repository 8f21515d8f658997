{% load static %}// The worker of the phone pages. Pages come from the network first; what was opened before is there without it.
const FILES = [{% for file in files %}"{{ file|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const SHELL = "eb-shell-{{ release }}";
const PAGES = "eb-pages";
const OFFLINE = "{% url 'shell:offline' %}";
const PHONE = "/m/";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => cache.addAll([...FILES, OFFLINE]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(names.filter((name) => name.startsWith("eb-shell-") && name !== SHELL).map((name) => caches.delete(name))),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("message", (event) => {
  if (event.data === "forget") event.waitUntil(caches.delete(PAGES));
  if (event.data?.keep) event.waitUntil(keepAll(event.data.keep));
});

// Pages a list leads to, fetched ahead so that they open without network; one after the other, for slow lines.
async function keepAll(addresses) {
  const cache = await caches.open(PAGES);
  for (const address of addresses.slice(0, 30)) {
    if (!address.startsWith(PHONE)) continue;
    const answer = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok && !answer.redirected) await cache.put(address, answer);
  }
}

async function page(request) {
  const keep = new URL(request.url).pathname.startsWith(PHONE);
  try {
    const answer = await fetch(request);
    if (keep && answer.ok && !answer.redirected) {
      const cache = await caches.open(PAGES);
      await cache.put(request, answer.clone());
    }
    return answer;
  } catch (problem) {
    const kept = keep ? await caches.match(request, { cacheName: PAGES, ignoreVary: true }) : undefined;
    return kept || (await caches.match(OFFLINE)) || Response.error();
  }
}

async function file(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  return answer;
}

self.addEventListener("fetch", (event) => {
  const request = event.request;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (FILES.includes(new URL(request.url).pathname)) event.respondWith(file(request));
});
