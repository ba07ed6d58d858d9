// Keeps a page up to date: looks for changes while the page is in sight, and changes only what differs, so that focus,
// open details and half-typed text stay.

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function inSight() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
  });
}

// Calls `look` again and again, with a signal that ends it when the page goes out of sight: a browser has only a few
// connections to one address, and hidden pages must not hold them. `online` hears whether the simulator answers.
export async function follow(look, online = () => {}) {
  for (let failures = 0; ; ) {
    await inSight();
    const hidden = new AbortController();
    const leave = () => document.hidden && hidden.abort();
    document.addEventListener("visibilitychange", leave);
    try {
      await look(hidden.signal);
      failures = 0;
      online(true);
    } catch {
      if (!hidden.signal.aborted) {
        failures += 1;
        if (failures > 1) online(false);
      }
    }
    document.removeEventListener("visibilitychange", leave);
    await pause(failures ? Math.min(250 * 2 ** failures, 5000) : 100);
  }
}

export async function json(url, signal) {
  const answer = await fetch(url, { signal, headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

// The page behind `answer`.
export async function page(answer) {
  const type = answer.headers.get("content-type") ?? "";
  if (!type.startsWith("text/html")) throw new Error(`HTTP ${answer.status}, ${type}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Together with the name of the element, as nothing becomes an element of another kind.
function keyOf(node) {
  const key = node.nodeType === 1 && (node.id || node.dataset.key);
  return key ? `${node.nodeName} ${key}` : "";
}
const alike = (old, fresh) => old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);

function morphAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    // Whoever opened it wants it open.
    if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

// Takes away what `fresh` does not have any more, as far as it has a key, and returns the rest of those by key.
function keptByKey(old, fresh) {
  const wanted = new Set([...fresh.childNodes].map(keyOf).filter(Boolean));
  const kept = new Map();
  for (const child of [...old.childNodes]) {
    const key = keyOf(child);
    if (key && !wanted.has(key)) child.remove();
    else if (key) kept.set(key, child);
  }
  return kept;
}

// The next node without a key that can become `child`. What lies before it and has no key either is taken away.
function nextAlike(at, child) {
  let match = at;
  while (match && !alike(match, child)) match = match.nextSibling;
  for (let node = at; match && node !== match; ) {
    const next = node.nextSibling;
    if (!keyOf(node)) node.remove();
    node = next;
  }
  return match;
}

function morphChildren(old, fresh) {
  const kept = keptByKey(old, fresh);
  let at = old.firstChild; // what lies before it is done
  for (const child of [...fresh.childNodes]) {
    const key = keyOf(child);
    const match = key ? kept.get(key) : nextAlike(at, child);
    if (!match) {
      old.insertBefore(document.adoptNode(child), at);
      continue;
    }
    if (key && match !== at) old.insertBefore(match, at);
    else at = match.nextSibling;
    morph(match, child);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

// Makes `old` like `fresh`.
export function morph(old, fresh) {
  if (old.nodeType !== 1) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.isEqualNode(fresh)) return;
  morphAttributes(old, fresh);
  morphChildren(old, fresh);
}

// Shows the copy buttons of `root`, which do nothing without a script.
export function offerCopies(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) button.hidden = !navigator.clipboard;
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("button[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.dataset.copied = "";
    say("Copied");
    setTimeout(() => delete button.dataset.copied, 1600);
  } catch {
    say("The browser does not allow copying");
  }
});

// Tells whoever cannot see the page change.
export function say(words) {
  const announcer = document.getElementById("announcer");
  if (announcer && announcer.textContent !== words) announcer.textContent = words;
}
