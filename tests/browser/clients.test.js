// The pages of binary-media/clients as people open them: from a file, with unpkg and the server of their own. What they
// ask of unpkg comes from the same packages here, what they ask of 127.0.0.1:8080 from a server of the test.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { HERE, ROOT, browse, count, newPage, pixels, screenshot, serve, tilesLoaded, until } from "./harness.js";

const base = await serve({ after }, ["--source", "sample"]);

const CLIENTS = join(ROOT, "binary-media/clients");
const SERVER = "127.0.0.1:8080";
const WEBGL = ["--enable-unsafe-swiftshader"];
const NO_WEBGL = ["--disable-3d-apis"];
const CLIP = { x: 150, y: 150, width: 300, height: 300 };

// Opens a client's page; `served` holds what the server was asked for, with its Accept.
async function openClient(t, name, { flags = [], ...options } = {}) {
  const browser = await browse(t, flags);
  const page = await newPage(browser, { viewport: { width: 640, height: 600 }, ...options }, ["unpkg.com", SERVER]);
  const served = [];
  await page.context().route("https://unpkg.com/**", (route) => {
    const [, name, version, path] = /^\/((?:@[^/]+\/)?[^@/]+)@([^/]+)\/(.+)$/.exec(new URL(route.request().url()).pathname);
    const folder = join(HERE, "node_modules", name);
    assert.equal(version, JSON.parse(readFileSync(join(folder, "package.json"))).version);
    const contentType = { ".js": "text/javascript", ".css": "text/css" }[extname(path)];
    const headers = { "access-control-allow-origin": "*" };
    return route.fulfill({ body: readFileSync(join(folder, path)), contentType, headers });
  });
  await page.context().route(`http://${SERVER}/**`, async (route) => {
    const request = route.request();
    const { pathname, search } = new URL(request.url());
    served.push({ path: pathname + search, accept: await request.headerValue("accept") });
    if (page.reroute) return page.reroute(route);
    // The server tells where it is by the Host that the client used.
    const answer = await route.fetch({ url: base.slice(0, -1) + pathname + search, headers: { ...request.headers(), host: SERVER } });
    return route.fulfill({ response: answer });
  });
  Object.assign(page, { served });
  await page.goto(pathToFileURL(join(CLIENTS, name)).href);
  return page;
}

// Waits until MapLibre GL has drawn everything.
const drawn = (page) => page.waitForFunction("map.loaded() && map.areTilesLoaded()");

async function assertPainted(page, name) {
  await screenshot(page, `client-${name}`);
  const colours = count(await pixels(page, CLIP));
  assert.ok(colours > 50, `${name} has ${colours} colours`);
}

const paths = (page, start) => page.served.map(({ path }) => path).filter((path) => path.startsWith(start));

test("plain Leaflet", async (t) => {
  for (const [deviceScaleFactor, mark] of [[1, ""], [2, "@2x"]]) {
    const page = await openClient(t, "leaflet.html", { deviceScaleFactor });
    for (const { natural, width } of await tilesLoaded(page)) {
      assert.deepEqual([natural, width], [256 * deviceScaleFactor, 256]);
    }
    assert.ok(paths(page, "/png/16/").includes(`/png/16/34119/23897${mark}.png`));
    await assertPainted(page, `leaflet${mark}`);
    assert.match(await page.textContent(".leaflet-control-attribution"), /OpenStreetMap/);
    assert.deepEqual(page.problems, []);
  }
});

test("MapLibre GL where there is WebGL, else Leaflet", async (t) => {
  const gl = await openClient(t, "leaflet-fallback.html", { flags: WEBGL });
  await drawn(gl);
  await assertPainted(gl, "fallback-webgl");
  assert.ok(paths(gl, "/mvt/").length > 0 && paths(gl, "/png/").length === 0);
  assert.deepEqual(gl.problems, []);

  const plain = await openClient(t, "leaflet-fallback.html", { flags: NO_WEBGL });
  assert.equal(await plain.evaluate(() => document.createElement("canvas").getContext("webgl")), null);
  const tiles = await tilesLoaded(plain);
  assert.ok(tiles.length >= 9 && tiles.every(({ natural }) => natural === 256));
  assert.equal(await plain.locator(".maplibregl-map, .maplibregl-canvas").count(), 0);
  assert.deepEqual(plain.served.filter(({ path }) => !path.startsWith("/png/16/")), []);
  await assertPainted(plain, "fallback-plain");
  assert.deepEqual(plain.problems.filter((problem) => !/WebGL/i.test(problem)), []);
});

test("Leaflet with Accept: image/png", async (t) => {
  const page = await openClient(t, "leaflet-accept.html");
  const tiles = await tilesLoaded(page);
  assert.ok(tiles.length >= 9 && tiles.every(({ natural }) => natural === 256));
  assert.ok(page.served.length >= 9);
  for (const { path, accept } of page.served) {
    assert.match(path, /^\/svg\/16\/\d+\/\d+\.svg$/);
    assert.equal(accept, "image/png");
  }
  await assertPainted(page, "accept");
  // What was shown is no longer held.
  const held = await page.evaluate((urls) => Promise.allSettled(urls.map((url) => fetch(url))), tiles.map(({ src }) => src));
  assert.ok(tiles.every(({ src }) => src.startsWith("blob:")) && held.every(({ status }) => status === "rejected"));
});

test("the helper tells of tiles that fail, and gives up those out of sight", async (t) => {
  const page = await openClient(t, "leaflet-accept.html");
  const shown = (await tilesLoaded(page)).length;
  const problem = { status: 401, code: "missing_api_key", detail: "no key", hint: "add one" };
  page.reroute = (route) => route.fulfill({
    status: 401,
    json: problem,
    contentType: "application/problem+json",
    headers: { "access-control-allow-origin": "*" },
  });
  const failed = await page.evaluate(() => new Promise((told) => {
    tiles.once("tileerror", ({ error }) => told({ message: error.message, status: error.status, problem: error.problem }));
    tiles.redraw();
  }));
  assert.deepEqual(failed, { message: "no key", status: 401, problem });
  const told = () => page.problems.filter((problem) => /\d+\/\d+\/\d+: no key/.test(problem));
  await until("the page has told of all tiles", () => told().length === shown);

  // Answers that never come: the requests are ended with their tiles, and told of to nobody.
  page.problems.length = 0;
  page.reroute = () => new Promise(() => {});
  const ended = [];
  page.on("requestfailed", (request) => ended.push(request.failure().errorText));
  page.served.length = 0;
  await page.evaluate(() => {
    window.errors = 0;
    tiles.on("tileerror", () => window.errors++);
    tiles.redraw();
  });
  await until("all tiles are asked for", () => page.served.length === shown);
  await page.evaluate(() => tiles.remove());
  await until("all requests are ended", () => ended.length === shown);
  assert.deepEqual(ended, new Array(shown).fill("net::ERR_ABORTED"));
  assert.equal(await page.evaluate(() => window.errors), 0);
  assert.deepEqual(page.problems, []);
});

test("OpenLayers", async (t) => {
  for (const [deviceScaleFactor, mark] of [[1, "@1x"], [2, "@2x"]]) {
    const page = await openClient(t, "openlayers.html", { deviceScaleFactor });
    await page.waitForSelector("canvas");
    await page.waitForLoadState("networkidle");
    assert.ok(paths(page, "/png/16/").includes(`/png/16/34119/23897${mark}.png`));
    await assertPainted(page, `openlayers${mark}`);
    assert.match(await page.textContent(".ol-attribution"), /OpenStreetMap/);
    assert.deepEqual(page.problems, []);
  }
});

test("MapLibre GL with raster tiles", async (t) => {
  for (const [deviceScaleFactor, mark] of [[1, ""], [2, "@2x"]]) {
    const page = await openClient(t, "maplibre.html", { flags: WEBGL, deviceScaleFactor });
    await drawn(page);
    assert.ok(paths(page, "/png/15/").includes(`/png/15/17059/11948${mark}.png?tile_size=512`), paths(page, "/")[0]);
    await assertPainted(page, `maplibre${mark}`);
    assert.match(await page.textContent(".maplibregl-ctrl-attrib"), /OpenStreetMap/);
    assert.deepEqual(page.problems, []);
  }
});

test("MapLibre GL with the served style", async (t) => {
  const page = await openClient(t, "maplibre-style.html", { flags: WEBGL });
  await drawn(page);
  assert.ok(paths(page, "/styles/light/style.json").length === 1);
  // The source ends at zoom 14.
  assert.ok(paths(page, "/mvt/14/").includes("/mvt/14/8529/5974.mvt"), `${paths(page, "/mvt/")}`);
  await assertPainted(page, "maplibre-style");
  assert.match(await page.textContent(".maplibregl-ctrl-attrib"), /OpenStreetMap/);
  const roads = await page.evaluate(() => map.queryRenderedFeatures().filter(({ sourceLayer }) => sourceLayer === "roads"));
  assert.ok(roads.length > 100, `${roads.length} roads`);
  assert.deepEqual(page.problems, []);
});

test("the README names every page, and every page a version and its digest", () => {
  const readme = readFileSync(join(CLIENTS, "README.md"), "utf8");
  for (const name of readdirSync(CLIENTS).filter((name) => name !== "README.md")) {
    assert.ok(readme.includes(`(${name})`), name);
    if (extname(name) !== ".html") continue;
    const html = readFileSync(join(CLIENTS, name), "utf8");
    const loaded = html.match(/https:\/\/unpkg\.com\/[^"]+"\s+integrity="sha384-[^"]{64}" crossorigin/g) ?? [];
    assert.ok(loaded.length > 0 && loaded.length === html.match(/https:\/\/unpkg/g).length, name);
  }
});
