// The checkout page without reloading: its state, the countdown, and the way back once it is paid. Everything here can
// also be done without it.

import { follow, json, morph, offerCopies, page, say } from "/gateway/live.js";

const SECONDS_TO_STAY = 5;
const live = document.getElementById("live");

let ends = 0;
let leaving = 0;

// Whether this tab has seen the payment open: somebody who only looks at a paid one is not sent anywhere.
const mark = {
  name: () => `paymento:${live.dataset.token}`,
  set() {
    try {
      sessionStorage.setItem(this.name(), "open");
    } catch {}
  },
  take() {
    try {
      const seen = sessionStorage.getItem(this.name()) !== null;
      sessionStorage.removeItem(this.name());
      return seen;
    } catch {
      return false;
    }
  },
};

function left(ms) {
  const all = Math.max(0, Math.ceil(ms / 1000));
  const [days, hours, minutes, seconds] = [all / 86400, (all % 86400) / 3600, (all % 3600) / 60, all % 60].map(Math.floor);
  const two = (number) => String(number).padStart(2, "0");
  if (days) return `${days} d ${two(hours)}:${two(minutes)}:${two(seconds)}`;
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

function tick() {
  const countdown = document.getElementById("countdown");
  if (!countdown) return;
  const ms = countdown.dataset.runs === "true" ? ends - performance.now() : Number(countdown.dataset.left);
  countdown.textContent = `${left(ms)} left`;
  countdown.toggleAttribute("data-soon", ms < 120_000);
}

function stay() {
  clearInterval(leaving);
  leaving = 0;
  document.getElementById("leaving")?.setAttribute("hidden", "");
}

function leaveSoon(link) {
  let seconds = SECONDS_TO_STAY;
  const note = document.getElementById("leaving");
  const words = document.createElement("span");
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Stay here" });
  button.className = "quiet";
  button.addEventListener("click", stay);
  note.replaceChildren(words, button);
  note.hidden = false;
  const count = () => {
    words.textContent = `Taking you back in ${seconds} s.`;
    if (seconds === 0) location.assign(link.href);
    seconds -= 1;
  };
  count();
  leaving = setInterval(count, 1000);
}

// After every change of the page.
function settle() {
  const countdown = document.getElementById("countdown");
  if (countdown) ends = performance.now() + Number(countdown.dataset.left);
  tick();
  offerCopies(live);
  const link = document.getElementById("return");
  if (link?.dataset.paid !== "true") mark.set();
  else if (!leaving && mark.take()) leaveSoon(link);
}

async function show(answer) {
  const fresh = await page(answer);
  const now = fresh.getElementById("live");
  if (!now) return location.reload();
  const said = live.dataset.says;
  if (leaving) stay();
  document.title = fresh.title;
  morph(live, now);
  settle();
  if (live.dataset.says !== said) say(live.dataset.says);
}

if (live) {
  settle();
  setInterval(tick, 1000);
  follow(async (signal) => {
    const { token, stamp } = live.dataset;
    const asked = new URLSearchParams({ token, stamp });
    const state = await json(`/gateway/state?${asked}`, signal);
    if (state.stamp !== live.dataset.stamp) await show(await fetch(`/gateway?token=${token}`, { signal }));
  });
}

// The bench's levers work in place; the customer's own buttons lead on, perhaps to the shop.
document.addEventListener("submit", async (event) => {
  const target = event.submitter?.getAttribute("formaction") ?? event.target.getAttribute("action");
  if (target?.startsWith("/gateway/lever/")) {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(event.target, event.submitter));
    try {
      await show(await fetch(target, { method: "POST", body }));
      if (!document.querySelector(".notice")) event.target.reset();
    } catch {
      say("The simulator does not answer");
    }
  } else if (event.submitter) {
    // A second click would do nothing but wait.
    setTimeout(() => event.submitter.setAttribute("aria-busy", "true"));
  }
});
