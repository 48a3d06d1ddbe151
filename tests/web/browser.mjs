/**
 * Use the page as a person would: browser.mjs SCENARIO OPTIONS; prints what was seen as JSON.
 *
 * OPTIONS, as JSON: url, modules (node_modules), chromium, folder (for what is saved), and the scenario's own.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [scenario, optionsText] = process.argv.slice(2);
const options = JSON.parse(optionsText);
const { chromium } = createRequire(join(options.modules, "x.js"))("playwright-core");
const ARGUMENTS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--ignore-certificate-errors",
];
const LONG_MS = 300_000;

/** @type {{method: string, url: string}[]} */
const requests = [];

/** Open the page in a new window. @param {any} browser @param {object} [context] */
async function openPage(browser, context = {}) {
  const page = await (
    await browser.newContext({ acceptDownloads: true, ignoreHTTPSErrors: true, ...context })
  ).newPage();
  page.on("request", (/** @type {any} */ request) => requests.push({ method: request.method(), url: request.url() }));
  page.on("pageerror", (/** @type {Error} */ error) => console.error(error));
  await page.goto(options.url);
  await page.waitForSelector("html[data-ready]");
  return page;
}

/**
 * Do something, and wait until the page has done what follows from it.
 *
 * @param {any} page
 * @param {() => Promise<any>} act
 */
async function settled(page, act) {
  await act();
  // A request is in the queue by the next turn of the event loop; a development follows a file's opening at once.
  for (let pass = 0; pass < 3; pass++) {
    await page.waitForTimeout(150);
    await page.waitForFunction(() => !document.body.hasAttribute("aria-busy"), null, { timeout: LONG_MS });
  }
}

/** @param {any} page @param {string} name */
async function save(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
  await download.saveAs(join(options.folder, name));
  return download.suggestedFilename();
}

/** What the page says. @param {any} page */
async function said(page) {
  const [status, error, notes] = await Promise.all(["#status", "#error", "#notes"].map((id) => page.textContent(id)));
  return { status, error, notes };
}

/** Where the line between before and after is, in percent. @param {any} page @returns {Promise<string>} */
function lineOf(page) {
  return page.$eval(".compare__pictures", (/** @type {HTMLElement} */ each) => each.style.getPropertyValue("--split"));
}

const SCENARIOS = {
  /** Click, slide, choose, save. @param {any} browser */
  async sample(browser) {
    const page = await openPage(browser);
    await settled(page, () => page.click("#sample"));
    const opened = await said(page);
    const name = await save(page, "default.png");
    const lines = [await lineOf(page)];
    await page.focus("#split");
    await page.keyboard.press("ArrowRight");
    lines.push(await lineOf(page));
    const box = await page.locator(".compare__pictures").boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 60);
    await page.mouse.up();
    lines.push(await lineOf(page));
    await settled(page, () => page.selectOption("#tone", "standard"));
    const toned = await said(page);
    await save(page, "standard.png");
    await page.selectOption("#tone", "rendered");
    await page.focus("#exposure");
    for (let step = 0; step < 4; step++) await page.keyboard.press("ArrowRight");
    await settled(page, async () => {});
    await save(page, "brighter.png");
    await settled(page, () => page.selectOption("#bundle", "lwisp-lite"));
    await save(page, "lite.png");
    return { opened, name, lines, toned, isolated: await page.evaluate(() => crossOriginIsolated), requests };
  },

  /** Drop a file; then one that isn't a RAW file. @param {any} browser */
  async drop(browser) {
    const page = await openPage(browser);
    await settled(page, () => dropFile(page, "photo.dng", readFileSync(options.file)));
    const dropped = await said(page);
    await save(page, "dropped.png");
    await settled(page, () => dropFile(page, "photo.jpg", Buffer.from([0xff, 0xd8, 0xff, 0xe0])));
    const refused = await said(page);
    await save(page, "still.png");
    return { dropped, refused };
  },

  /** Float on the CPU, then on the GPU. @param {any} browser */
  async gpu(browser) {
    const page = await openPage(browser);
    await page.selectOption("#precision", "fp16");
    await settled(page, () => page.click("#sample"));
    await save(page, "cpu.png");
    await settled(page, () => page.selectOption("#backend", "gpu"));
    const seen = await said(page);
    if (!seen.error) await save(page, "gpu.png");
    return {
      ...seen,
      int8: await page.$eval("option[value=int8]", (/** @type {HTMLOptionElement} */ each) => each.disabled),
    };
  },

  /** A file that isn't on the page: one tile after another. @param {any} browser */
  async file(browser) {
    const page = await openPage(browser);
    await settled(page, () => page.setInputFiles("#file", options.file));
    const seen = await said(page);
    await save(page, "file.png");
    return { ...seen, isolated: await page.evaluate(() => crossOriginIsolated) };
  },

  /** Look at it: phone and desktop, light and dark, before and after. @param {any} browser */
  async looks(browser) {
    const axe = readFileSync(join(options.modules, "axe-core/axe.min.js"), "utf8");
    const seen = [];
    for (const [device, viewport] of Object.entries({
      phone: { width: 390, height: 844 },
      desktop: { width: 1280, height: 860 },
    })) {
      for (const colorScheme of ["light", "dark"]) {
        const page = await openPage(browser, { viewport, colorScheme, bypassCSP: true });
        await page.screenshot({ path: join(options.folder, `${device}-${colorScheme}-start.png`) });
        const faults = await audit(page, axe);
        await settled(page, () => page.click("#sample"));
        await page.screenshot({ path: join(options.folder, `${device}-${colorScheme}.png`), fullPage: true });
        faults.push(...(await audit(page, axe)));
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        seen.push({ device, colorScheme, faults, overflow });
      }
    }
    return seen;
  },
};

/** @param {any} page @param {string} name @param {Buffer} content */
async function dropFile(page, name, content) {
  const transfer = await page.evaluateHandle(
    (/** @type {[string, string]} */ [title, base64]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], title));
      return data;
    },
    [name, content.toString("base64")],
  );
  for (const type of ["dragover", "drop"]) await page.dispatchEvent("body", type, { dataTransfer: transfer });
}

/** Faults of accessibility that axe-core finds. @param {any} page @param {string} axe */
async function audit(page, axe) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => /** @type {any} */ (globalThis).axe.run());
  return violations.map(
    (/** @type {any} */ each) => `${each.id}: ${each.nodes.map((/** @type {any} */ node) => node.html)}`,
  );
}

const browser = await chromium.launch({ executablePath: options.chromium, args: ARGUMENTS });
try {
  const run = SCENARIOS[/** @type {keyof typeof SCENARIOS} */ (scenario)];
  console.log(JSON.stringify(await run(browser)));
} finally {
  await browser.close();
}
