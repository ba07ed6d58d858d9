// The simulator's own pages as a person uses them: paying in every way on the checkout page, and watching on the
// dashboard. The pictures in build/screenshots are for looking at.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Simulator } from "../../bindings-node/dist/testing.mjs";
import { launch } from "./chromium.mjs";
import { Shop } from "./shop.mjs";
import { fitsTheScreen, opener } from "./visit.mjs";

const half = "0.00020866 BTC";
let browser;
let shop;
let simulator;
let client;
let orders = 0;

const withPage = opener(() => browser);

before(async () => {
  browser = await launch();
  shop = await Shop.open();
  simulator = await Simulator.start({ storeName: "Fern & Co.", callbackUrl: `${shop.url}/callback` });
  client = simulator.client();
});

after(async () => {
  await browser?.close();
  await simulator?.stop();
  await shop?.close();
});

function buy(more = {}) {
  orders += 1;
  return client.createPayment({
    orderId: `W-${orders}`,
    fiatAmount: "29.99",
    fiatCurrency: "USD",
    returnUrl: `${shop.url}/back`,
    ...more,
  });
}

async function chooseBitcoin(page, payment) {
  await page.goto(payment.url);
  await page.click("button[name=coin][value=Bitcoin]");
  await page.waitForSelector("#pay");
}

const lever = (name) => `[data-lever=${name}]`;
const backWith = (status) => new RegExp(`/back\\?token=[0-9a-f]{32}&orderId=.*&status=${status}$`);

for (const screen of ["desktop", "phone"]) {
  const picture = (step) => `simulator-${screen}-${step}`;

  test(`${screen}: paid, and back at the shop`, async () => {
    await withPage(screen, async (page) => {
      const payment = await buy();
      await page.goto(payment.url);
      assert.equal(await page.textContent("h1"), "29.99 USD");
      await fitsTheScreen(page, picture("1-coins"));
      await page.click("button[name=coin][value=Bitcoin]");
      await page.waitForSelector("svg.qr");
      assert.match(await page.textContent("#countdown"), /^(30:00|29:\d\d) left$/);
      await fitsTheScreen(page, picture("2-transfer"));
      await page.click("#pay");
      await page.waitForURL(backWith(7));
    });
  });

  test(`${screen}: canceled, and back at the shop`, async () => {
    await withPage(screen, async (page) => {
      const payment = await buy();
      await chooseBitcoin(page, payment);
      await page.click("#cancel");
      await page.waitForURL(backWith(5));
      await page.goto(payment.url);
      assert.equal(await page.textContent(".headline"), "Payment canceled");
      await fitsTheScreen(page, picture("3-canceled"));
    });
  });

  test(`${screen}: paid half, then the rest`, async () => {
    await withPage(screen, async (page) => {
      await chooseBitcoin(page, await buy());
      const address = await page.textContent(".field.address .value");
      await page.click(lever("less"));
      assert.equal(await page.textContent("#remains"), half);
      assert.equal(await page.textContent(".field.address .value"), address);
      assert.match(await page.textContent("#announcer"), /0\.00020866 BTC remain/);
      await fitsTheScreen(page, picture("4-partial"));
      await page.click("#pay");
      await page.waitForURL(backWith(7));
    });
  });

  test(`${screen}: the time runs out, and money comes late`, async () => {
    await withPage(screen, async (page) => {
      await chooseBitcoin(page, await buy());
      await page.click('[value="1h"][name=by]');
      await page.waitForSelector("text=Payment expired");
      await fitsTheScreen(page, picture("5-expired"));
      await page.click(lever("late"));
      await page.waitForSelector("text=Payment received");
      await fitsTheScreen(page, picture("6-paid-late"));
    });
  });
}

test("the page follows the payment by itself and leads back once it is paid", async () => {
  await withPage("desktop", async (page) => {
    const payment = await buy();
    await chooseBitcoin(page, payment);
    await page.evaluate(() => {
      window.stillHere = true;
    });
    shop.hold();
    await simulator.pay(payment.token);
    await page.waitForSelector("text=Payment on its way");
    await fitsTheScreen(page, "simulator-desktop-7-waiting");
    shop.letGo();
    await page.waitForSelector("text=Payment received");
    assert.equal(await page.evaluate(() => window.stillHere), true, "without reloading");
    assert.equal(await page.textContent("#announcer"), "Payment received");
    await page.waitForSelector("#leaving:visible");
    await page.waitForURL(backWith(7));
  });
});

test("whoever only looks at a paid payment is not sent anywhere, and whoever wants to stay stays", async () => {
  await withPage("desktop", async (page) => {
    const payment = await buy();
    await page.goto(payment.url);
    await simulator.pay(payment.token);
    await page.click("text=Stay here");
    assert.equal(await page.isVisible("#leaving"), false);
    await page.reload();
    await page.waitForSelector("#return");
    assert.equal(await page.isVisible("#leaving"), false);
  });
});

test("without a script it is paid by plain forms", async () => {
  await withPage(
    "phone",
    async (page) => {
      const payment = await buy();
      await chooseBitcoin(page, payment);
      assert.match(await page.textContent("#countdown"), /^Pay by \d\d:\d\d:\d\d UTC$/);
      assert.equal(await page.isVisible(".copy"), false, "a button that does nothing");
      await page.click(lever("less"));
      assert.equal(await page.textContent("#remains"), half);
      await fitsTheScreen(page, "simulator-phone-8-no-script");
      await page.click("#pay");
      await page.waitForURL(backWith(7));
    },
    { javaScriptEnabled: false },
  );
});

// Moves on with the Tab key until the focus is there.
async function tabTo(page, selector) {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
  }
  throw new Error(`the Tab key does not reach ${selector}`);
}

test("it is paid with the keyboard alone, and the focus shows", async () => {
  await withPage("desktop", async (page) => {
    const payment = await buy();
    await page.goto(payment.url);
    await tabTo(page, "button[value=Ethereum]");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#pay");
    await tabTo(page, lever("less"));
    await page.keyboard.press("Space");
    await page.waitForSelector("#remains");
    assert.equal(await page.evaluate(() => document.activeElement.dataset.lever), "less", "the focus stays");
    await page.keyboard.press("Shift+Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "pay");
    await page.keyboard.press("Enter");
    await page.waitForURL(backWith(7));
  });
});

test("a hostile order id shows as text, on both pages", async () => {
  await withPage("phone", async (page) => {
    const orderId = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202egnp";
    const shown = `${orderId.slice(0, -4)}\ufffdgnp`;
    const payment = await buy({ orderId });
    await page.goto(payment.url);
    assert.equal(await page.textContent(".order bdi"), shown);
    await fitsTheScreen(page, "simulator-phone-9-hostile");
    await page.goto(`${simulator.baseUrl}/dashboard/payment?token=${payment.token}`);
    assert.equal(await page.textContent("h1"), shown);
    assert.equal(await page.locator("main script, main img").count(), 0);
    await fitsTheScreen(page, "simulator-phone-10-hostile-dashboard");
  });
});

for (const screen of ["desktop", "phone", "dark"]) {
  test(`${screen}: the dashboard shows a payment as it moves, and sends its callback again`, async () => {
    await withPage(screen, async (page) => {
      await page.goto(`${simulator.baseUrl}/`);
      const payment = await buy();
      const order = `W-${orders}`;
      const row = page.locator(`#p${payment.token}`);
      await row.waitFor(); // it comes by itself
      assert.match(await row.textContent(), new RegExp(`${order}.*Initialize`));
      await simulator.pay(payment.token);
      await row.locator("[data-status='7']").waitFor();
      await fitsTheScreen(page, `simulator-${screen}-11-dashboard`);
      await page.fill("#q", order);
      await page.waitForURL(new RegExp(`q=${order}`));
      await row.click();
      await page.waitForSelector(".delivery");
      const request = page.locator(".delivery details").first();
      await request.locator("summary").first().click();
      const body = JSON.parse(await request.locator("pre").first().textContent());
      assert.deepEqual([body.Token, body.OrderStatus], [payment.token, 7]);
      const key = await request.getAttribute("data-key");
      const before = await page.locator(".delivery").count();
      await page.click("[data-do=resend] >> nth=0");
      await page.waitForFunction((count) => document.querySelectorAll(".delivery").length === count, before + 1);
      const opened = page.locator(`[data-key=${key}]`);
      assert.equal(await opened.evaluate((details) => details.open), true, "what was opened stays open");
      await simulator.deliveries(payment.token, { count: before + 1 });
      assert.equal(shop.callbacks.filter((callback) => callback.Token === payment.token).length, before + 1);
      await fitsTheScreen(page, `simulator-${screen}-12-payment`);
    });
  });
}

test("the dashboard arms a fault, and a tampered callback that the shop takes is a finding", async () => {
  await withPage("desktop", async (page) => {
    const payment = await buy();
    await page.goto(`${simulator.baseUrl}/dashboard/faults`);
    await page.click("li:has-text('callback.duplicate') >> text=Once");
    await page.waitForSelector(".armed");
    await fitsTheScreen(page, "simulator-desktop-13-faults");
    await simulator.pay(payment.token);
    await page.waitForSelector(".armed", { state: "detached" });
    await simulator.deliveries(payment.token, { count: 3 });
    await page.goto(`${simulator.baseUrl}/dashboard/payment?token=${payment.token}`);
    await page.click("[data-do=tamper] >> nth=0");
    await page.waitForSelector(".flag.bad");
    await page.click("nav a:has-text('Findings')");
    await page.waitForSelector("text=anybody can mark orders as paid");
    await fitsTheScreen(page, "simulator-desktop-14-findings");
  });
});
