// A person with a browser: buys, pays on the gateway's page, comes back, and sees the order fulfilled. In both shops, on
// a wide screen and on a phone, and when the shop is killed meanwhile. The pictures in build/screenshots are for looking
// at.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./chromium.mjs";
import { Demo } from "./demo.mjs";
import { fitsTheScreen, opener, screens } from "./visit.mjs";

const prices = { Flask: "24.00 USD", Express: "18.50 USD" };

let demo;
let browser;

const withPage = opener(() => browser);

before(async () => {
  browser = await launch();
  demo = await Demo.start();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

const orderId = (page) => new URL(page.url()).pathname.split("/").at(-1);

for (const shop of ["Flask", "Express"]) {
  for (const screen of Object.keys(screens)) {
    test(`${shop}, ${screen}: bought, paid, came back, and the order is fulfilled`, async () => {
      await withPage(screen, async (page) => {
        const name = (step) => `${shop}-${screen}-${step}`.toLowerCase();
        await page.goto(demo.address(shop));
        await fitsTheScreen(page, name("1-shop"));
        await page.click("#buy");
        await page.waitForURL(/\/gateway\?token=/);
        assert.match(await page.textContent("h1"), new RegExp(prices[shop]));
        await fitsTheScreen(page, name("2-coins"));
        await page.click("button[name=coin]");
        await page.waitForSelector("#pay");
        await fitsTheScreen(page, name("3-pay"));
        await page.click("#pay");
        await page.waitForURL(/\/orders\/[^/?]+$/); // without the status that stood in the return address
        await page.waitForSelector("[data-state=fulfilled]"); // the page looks again by itself until it is
        assert.equal(await page.textContent("h1"), "Thank you, it is paid");
        await fitsTheScreen(page, name("4-fulfilled"));
        await demo.line(new RegExp(`${orderId(page)} +fulfilled$`));
      });
    });
  }

  test(`${shop}: canceled, tried again, and the same order is fulfilled`, async () => {
    await withPage("phone", async (page) => {
      await page.goto(demo.address(shop));
      await page.click("#buy");
      await page.click("#cancel");
      await page.waitForSelector("[data-state=closed]");
      const order = orderId(page);
      await fitsTheScreen(page, `${shop}-phone-5-closed`.toLowerCase());
      await page.click("#again");
      await page.click("button[name=coin]");
      await page.click("#pay");
      await page.waitForSelector("[data-state=fulfilled]");
      assert.equal(orderId(page), order);
    });
  });

  test(`${shop}: somebody who types the return address with status=7 gets nothing`, async () => {
    await withPage("desktop", async (page) => {
      await page.goto(demo.address(shop));
      await page.click("#buy");
      const token = new URL(page.url()).searchParams.get("token");
      await page.goto(`${demo.address(shop)}/back?token=${token}&orderId=1&status=7`);
      assert.equal(await page.getAttribute(".order", "data-state"), "waiting");
      await fitsTheScreen(page, `${shop}-desktop-6-waiting`.toLowerCase());
      // The page looks again by itself, and still sees nothing paid.
      await page.waitForEvent("load");
      assert.equal(await page.getAttribute(".order", "data-state"), "waiting");
      await page.click("#continue");
      await page.waitForURL(/\/gateway\?token=/);
    });
  });
}

for (const [shop, other] of [
  ["Flask", "Express"],
  ["Express", "Flask"],
]) {
  test(`${shop} is killed while its customer pays, and ${other} fulfills the order and shows its page`, async () => {
    await withPage("desktop", async (page) => {
      await page.goto(demo.address(shop));
      await page.click("#buy");
      await page.click("button[name=coin]");
      await page.waitForSelector("#pay");
      await demo.kill(shop);
      await page.click("#pay");
      await page.waitForURL(/\/orders\/[^/?]+$/);
      await page.waitForSelector("[data-state=fulfilled]");
      assert.equal(await page.textContent(".top span"), `served by ${other}`);
      await fitsTheScreen(page, `${shop}-desktop-7-killed`.toLowerCase());
      await demo.line(new RegExp(`^${other} +${orderId(page)} +fulfilled$`));
      // The killed one comes back, knows the order as well, and does not fulfill it again.
      await demo.line(new RegExp(`^${shop} +open at`), { nth: 2 });
      await page.goto(`${demo.address(shop)}/orders/${orderId(page)}`);
      assert.equal(await page.getAttribute(".order", "data-state"), "fulfilled");
      assert.equal(await page.textContent(".top span"), `served by ${shop}`);
      const fulfilled = demo.lines.filter((line) => line.endsWith(`${orderId(page)}  fulfilled`));
      assert.equal(fulfilled.length, 1);
    });
  });
}

test("half of the money: the order's page says what is missing, and leads to where the rest is paid", async () => {
  await withPage("phone", async (page) => {
    await page.goto(demo.address("Express"));
    await page.click("#buy");
    const gateway = page.url();
    await page.click("button[name=coin]");
    await page.click("[data-lever=less]");
    await page.waitForSelector("#remains");
    const token = new URL(gateway).searchParams.get("token");
    await page.goto(`${demo.address("Flask")}/back?token=${token}`);
    await page.waitForSelector("[data-state=partially_paid]");
    assert.match(await page.textContent("dl"), /Missing\s*0\.000\d+ of the coin, about 9\.25 USD/);
    await fitsTheScreen(page, "flask-phone-8-part");
    await page.click("#continue");
    await page.click("#pay");
    await page.waitForSelector("[data-state=fulfilled]");
  });
});
