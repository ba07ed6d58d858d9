// The dashboard without reloading: it looks for changes, sends its forms in place, and searches while one types.
// Everything here can also be done without it.

import { follow, json, morph, offerCopies, page, say } from "/gateway/live.js";

const live = document.getElementById("live");
const offline = document.getElementById("offline");

let started = 0;
let began = 0;

const here = () => location.pathname + location.search;

// After every change of the page.
function settle() {
  const clock = document.getElementById("clock");
  started = clock ? Date.parse(clock.dateTime) : 0;
  began = performance.now();
  offerCopies(live);
  for (const range of live.querySelectorAll("input[type=range]")) tell(range);
}

function tick() {
  const clock = document.getElementById("clock");
  if (!clock || clock.dataset.runs !== "true") return;
  clock.textContent = new Date(started + performance.now() - began).toISOString().slice(11, 19);
}

function tell(range) {
  const output = live.querySelector(`output[for="${range.id}"]`);
  if (output) output.textContent = `${range.value}%`;
}

async function show(answer) {
  const fresh = await page(answer);
  const now = fresh.getElementById("live");
  if (!now) throw new Error("not a page of the dashboard");
  document.title = fresh.title;
  morph(live, now);
  settle();
}

// Where the answer came from, without what it had to say about the last form.
function settleAddress(answer) {
  const url = new URL(answer.url);
  url.searchParams.delete("notice");
  if (url.origin === location.origin) history.replaceState(null, "", url.pathname + url.search);
}

async function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  const target = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  const answer = await fetch(target, { method: "POST", body });
  await show(answer);
  const notice = live.querySelector(".notice");
  if (notice) say(notice.textContent);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  try {
    if (form.method === "post") await send(form, event.submitter);
    else await search(form);
  } catch {
    offline.hidden = false;
  }
});

async function search(form) {
  const query = new URLSearchParams(new FormData(form));
  const answer = await fetch(`/?${query}`);
  settleAddress(answer);
  await show(answer);
}

let typing = 0;
document.addEventListener("input", ({ target }) => {
  if (target.type === "range") tell(target);
  if (target.type !== "search") return;
  clearTimeout(typing);
  typing = setTimeout(() => search(target.form).catch(() => {}), 200);
});

// One open clock is enough; a click beside it closes it.
document.addEventListener("click", ({ target }) => {
  const clock = document.querySelector("details.clock[open]");
  if (clock && !clock.contains(target)) clock.open = false;
});
document.addEventListener("keydown", ({ key }) => {
  const clock = document.querySelector("details.clock[open]");
  if (key !== "Escape" || !clock) return;
  clock.open = false;
  clock.querySelector("summary").focus();
});

settle();
setInterval(tick, 1000);
follow(
  async (signal) => {
    const state = await json(`/dashboard/state?stamp=${live.dataset.stamp}`, signal);
    if (state.stamp !== live.dataset.stamp) await show(await fetch(here(), { signal }));
  },
  (answers) => {
    offline.hidden = answers;
  },
);
