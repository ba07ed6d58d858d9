// A person with a browser: buys, pays on the gateway's page, comes back, and sees the order fulfilled. In both shops, on
// a wide screen and on a phone. The pictures in build/screenshots are for looking at.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "./chromium.mjs";
import { Demo } from "./demo.mjs";

const pictures = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));
const screens = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
};
const prices = { Flask: "24.00 USD", Express: "18.50 USD" };

let demo;
let browser;

before(async () => {
  mkdirSync(pictures, { recursive: true });
  browser = await launch();
  demo = await Demo.start();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

// A page of its own, which fails the test when anything in it goes wrong or comes from elsewhere.
async function withPage(screen, run) {
  const context = await browser.newContext({ ...screens[screen], reducedMotion: "reduce" });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.hostname !== "127.0.0.1") faults.push(`asked ${url.hostname}`);
  });
  try {
    await run(page);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

async function fitsTheScreen(page, name) {
  await page.screenshot({ path: `${pictures}${name}.png`, fullPage: true });
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${name} is ${content} wide on a screen of ${window}`);
}

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
