// The shop's pages. `html` escapes every value that is put into a page, unless `html` itself made it.

class Safe {
  constructor(text) {
    this.text = text;
  }
}

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const safe = (value) =>
  value instanceof Safe ? value.text : String(value ?? "").replace(/[&<>"']/g, (character) => entities[character]);
const html = (strings, ...values) => new Safe(String.raw({ raw: strings.raw }, ...values.map(safe)));

const texts = {
  fulfilled: ["Thank you, it is paid", "Your order is confirmed and on its way."],
  paid: ["Thank you, it is paid", "We are getting your order ready. This page looks again by itself."],
  confirming: ["Payment on its way", "The network is confirming it. This page looks again by itself."],
  waiting: ["Waiting for your payment", "This page looks again by itself."],
  partially_paid: ["A part has arrived", "The rest is still missing. You can pay it on the same page."],
  attention: ["We are looking at your payment", "Something about it is unusual, so a person decides what comes next."],
  closed: ["The payment was not completed", "Nothing is shipped. You can try again."],
  unpaid: ["Not paid yet", "You can pay now."],
};
const changing = ["waiting", "confirming", "partially_paid", "paid"];
const marks = {
  done: html`<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
  look: html`<path d="M12 6.5v7M12 17.5v.01"/>`,
  wait: html`<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3 2"/>`,
};

function page({ title, theme = "coffee", head = "", main }) {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  ${head}
  <title>${title}</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/shop.css">
</head>
<body class="${theme}">
  <header class="top"><a href="/">Leaf and Bean</a><span>served by Express</span></header>
  <main>${main}</main>
</body>
</html>`.text;
}

export function shopPage(product, orderId) {
  return page({
    title: "Leaf and Bean",
    main: html`<section class="card product">
  <div class="picture">
    <svg viewBox="0 0 64 64" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d="M18 14h28l4 10H14z"/><path d="M16 24h32l-2 30H18z"/><ellipse cx="32" cy="39" rx="6" ry="8.5" transform="rotate(28 32 39)"/><path d="M36 31.5c-1.5 4.5-6.5 5-8 15"/>
    </svg>
  </div>
  <div class="about">
    <h1>${product.item}</h1>
    <p class="soft">A quarter of a kilo, roasted light on Tuesdays. Tastes of apricot and black tea.</p>
    <p class="price">${product.amount} ${product.currency}</p>
    <form method="post" action="/buy">
      <input type="hidden" name="order" value="${orderId}"><button id="buy">Buy with crypto</button>
    </form>
  </div>
</section>`,
  });
}

export function orderPage(order, { state, payment }, notice) {
  const [title, line] = texts[state];
  return page({
    title: `${title} – Leaf and Bean`,
    // Any process shows any order: tea in the colors of tea, and coffee in those of coffee.
    theme: order.id.startsWith("T-") ? "tea" : "coffee",
    // The page asks our own records again, never the gateway.
    head: changing.includes(state) ? html`<meta http-equiv="refresh" content="2">` : "",
    main: html`<section class="card order" data-state="${state}">
  ${notice ? html`<p class="notice" role="alert">${notice}</p>` : ""}
  <div class="state" role="status">
    <span class="mark"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${markOf(state)}</svg></span>
    <h1>${title}</h1>
    <p class="soft">${line}</p>
  </div>
  <dl>
    <dt>Order</dt><dd>${order.id}</dd>
    <dt>Item</dt><dd>${order.item}</dd>
    <dt>Price</dt><dd>${order.amount} ${order.currency}</dd>
    ${payment?.shortfall ? html`<dt>Missing</dt><dd>${missing(payment.shortfall, order.currency)}</dd>` : ""}
  </dl>
  ${action(order, state, payment)}
  <p class="again"><a href="/">Back to the shop</a></p>
</section>`,
  });
}

/** What is missing, as far as the gateway tells it: exactly in the coin, about in the order's currency. */
export function missing(shortfall, currency) {
  if (!shortfall) return "how much is not known";
  const exact = `${shortfall.amount} ${shortfall.coin ?? "of the coin"}`;
  return shortfall.fiatEstimated ? `${exact}, about ${shortfall.fiatEstimated} ${currency}` : exact;
}

function markOf(state) {
  if (state === "fulfilled" || state === "paid") return marks.done;
  return changing.includes(state) ? marks.wait : marks.look;
}

function action(order, state, payment) {
  if (["waiting", "partially_paid"].includes(state) && payment?.url)
    return html`<a class="button" id="continue" href="${payment.url}">Continue to the payment page</a>`;
  if (state !== "closed" && state !== "unpaid") return "";
  return html`<form method="post" action="/orders/${order.id}/pay"><button id="again">Pay now</button></form>`;
}
