// A server of its own for each test, Debian's Chromium, and pages that tell what went wrong in them.

import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, "../..");
const BINARY = process.env.RASTERZEN_BIN ?? join(ROOT, "target/debug/rasterzen");
const SCREENSHOTS = join(ROOT, "target/browser");

const FLAGS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// Starts `rasterzen serve` and gives where its page is; it ends with the test.
export async function serve(t, args = [], env = {}) {
  const child = spawn(BINARY, ["serve", "--listen", "127.0.0.1:0", "--log", "warn", ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill());
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^the map: +(http\S+)/.exec(line);
    if (url) return url[1];
  }
  throw new Error(`${BINARY} does not serve`);
}

// A browser that ends with the test.
export async function browse(t, flags = []) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [...FLAGS, ...flags],
    chromiumSandbox: false,
  });
  t.after(() => browser.close());
  return browser;
}

// A page that is not opened yet. `seen` holds every URL that it asked for, `problems` what no page should do: errors,
// broken policies, answers that are none, and requests to hosts other than those of `hosts`.
export async function newPage(browser, options = {}, hosts = []) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const seen = [];
  const problems = [];
  page.on("console", (message) => {
    // A screenshot of WebGL reads pixels.
    const ours = ["error", "warning"].includes(message.type()) && !message.text().includes("due to ReadPixels");
    if (ours) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`error: ${error}`));
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
  });
  page.on("requestfailed", (request) => {
    // Tiles that went out of sight are given up.
    const reason = request.failure().errorText;
    if (reason !== "net::ERR_ABORTED") problems.push(`${reason}: ${request.url()}`);
  });
  context.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (!protocol.startsWith("http")) return;
    seen.push(request.url());
    if (!hosts.includes(host)) problems.push(`foreign: ${request.url()}`);
  });
  return Object.assign(page, { seen, problems });
}

// Opens the map page of a server and waits for its tiles.
export async function openMap(browser, base, target = "", options = {}) {
  const page = await newPage(browser, options, [new URL(base).host]);
  await page.goto(base + target);
  await tilesLoaded(page);
  return page;
}

// Looks until it is so.
export async function until(what, done) {
  for (let tries = 0; !done(); tries++) {
    if (tries === 300) throw new Error(`waited in vain until ${what}`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

// Waits until Leaflet shows all tiles of the view, none of them fading in, and gives them.
export async function tilesLoaded(page) {
  await page.waitForFunction(() => {
    const tiles = [...document.querySelectorAll("img.leaflet-tile")];
    const done = (tile) => tile.classList.contains("leaflet-tile-loaded") && getComputedStyle(tile).opacity === "1";
    return tiles.length > 0 && tiles.every(done) && !document.querySelector(".leaflet-zoom-anim .leaflet-zoom-hide");
  });
  return page.$$eval("img.leaflet-tile", (tiles) =>
    tiles.map((tile) => {
      const { x, y, width, height } = tile.getBoundingClientRect();
      return { src: tile.src, natural: tile.naturalWidth, x, y, width, height };
    }),
  );
}

export async function screenshot(page, name) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

// The pixels on the screen within a rectangle, as numbers.
export async function pixels(page, clip) {
  const picture = (await page.screenshot({ clip })).toString("base64");
  const blank = await page.context().browser().newPage();
  const found = await blank.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return [...new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)];
  }, picture);
  await blank.close();
  return found;
}

// How many different ones there are.
export const count = (things) => new Set(things).size;
