// One visit with a browser: a page of its own, in a size and a color scheme, and a picture of it.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const pictures = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));

export const screens = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
};

// A page of its own, which fails the test when anything in it goes wrong or comes from elsewhere.
export function opener(browser) {
  return async (screen, run, more = {}) => {
    const context = await browser().newContext({ ...screens[screen], reducedMotion: "reduce", ...more });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const faults = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("dialog", (dialog) => faults.push(`dialog: ${dialog.message()}`));
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
  };
}

export async function fitsTheScreen(page, name) {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}${name}.png`, fullPage: true });
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${name} is ${content} wide on a screen of ${window}`);
}
