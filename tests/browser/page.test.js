// The map page in a real browser.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { HERE, ROOT, browse, count, newPage, openMap, pixels, screenshot, serve, tilesLoaded } from "./harness.js";

const SAMPLE = ["--source", "sample"];
const browser = await browse({ after });
const base = await serve({ after }, SAMPLE);

const HARBOUR = "#16/43.7345/7.4245";
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

// Where a latitude and longitude lie in Web Mercator, in tiles of a zoom from the north-west.
function worldAt(z, lat, lng) {
  const phi = (lat * Math.PI) / 180;
  return [(lng + 180) / 360, (1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2].map((part) => part * 2 ** z);
}

function tileAt(z, lat, lng) {
  const [x, y] = worldAt(z, lat, lng).map(Math.floor);
  return { z, x, y };
}

const text = (page, selector) => page.textContent(selector);
const address = (url) => /png\/(\d+)\/(\d+)\/(\d+)(@2x)?\.png/.exec(url).slice(1, 4).map(Number);

// What the URL says once the map rests.
async function hash(page, expected) {
  await page.waitForFunction((expected) => location.hash === expected || (!expected && location.hash), expected);
  return new URL(page.url()).hash;
}

test("the harbour is drawn, with nothing from elsewhere", async () => {
  const page = await openMap(browser, base);
  const tiles = await tilesLoaded(page);
  assert.ok(tiles.length >= 12, `${tiles.length} tiles`);
  for (const { src, natural, width } of tiles) assert.deepEqual([natural, width], [256, 256], src);
  const { z, x, y } = tileAt(16, 43.7345, 7.4245);
  assert.ok(tiles.some(({ src }) => src.endsWith(`/png/${z}/${x}/${y}.png`)));
  const colours = count(await pixels(page, { x: 300, y: 200, width: 400, height: 400 }));
  assert.ok(colours > 50, `${colours} colours`);
  assert.match(await text(page, "#attribution"), /OpenStreetMap/);
  assert.equal(await page.title(), "light map · rasterzen");
  await screenshot(page, "desktop-light");
  assert.deepEqual(page.problems, []);
});

test("the place is kept in the URL", async () => {
  const page = await openMap(browser, base, "#15/53.5569/13.2603");
  const start = tileAt(15, 53.5569, 13.2603);
  assert.equal(await text(page, "#tile"), `15/${start.x}/${start.y}`);
  await page.focus("#map");
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => location.hash !== "#15/53.5569/13.2603");
  const moved = await hash(page);
  const [zoom, lat, lng] = moved.slice(1).split("/").map(Number);
  assert.equal(zoom, 15);
  assert.ok(Math.abs(lat - 53.5569) < 1e-4 && lng > 13.2603 && lng < 13.27, moved);
  await page.reload();
  await tilesLoaded(page);
  await page.keyboard.press("Tab");
  assert.match(await text(page, "#position"), new RegExp(`Zoom 15 at ${lat.toFixed(5)}, ${lng.toFixed(5)}`));
  // Another place by its URL, and back.
  await page.goto(`${base}#5/0/-120`);
  assert.equal(await text(page, "#tile"), "5/5/16");
  await page.goBack();
  assert.equal((await text(page, "#tile")).split("/")[0], "15");
  assert.equal(await hash(page), moved);
  assert.deepEqual(page.problems, []);
});

test("a hash that is no place is ignored", async () => {
  const { z, x, y } = tileAt(16, 43.7345, 7.4245);
  for (const bad of ["#", "#x", "#99/1/1", "#5/91/0", "#5/0/181", "#5/0", "#-1/0/0", "#5/NaN/0", "#5/0/0/0/0/0", "#5/0/0/", "#5/0/0//", "#5/0/0/a/", "#%zz"]) {
    const page = await openMap(browser, base, bad);
    assert.equal(await text(page, "#tile"), `${z}/${x}/${y}`, bad);
    await page.evaluate((bad) => (location.hash = bad), bad);
    assert.equal(await text(page, "#tile"), `${z}/${x}/${y}`, bad);
    assert.deepEqual(page.problems, [], bad);
    await page.context().close();
  }
});

test("it zooms in to 20, beyond the tiles of the source", async () => {
  const page = await openMap(browser, base, "#19/43.7345/7.4245");
  await page.click("#zoom-in");
  await page.waitForFunction(() => document.querySelector("#tile").textContent.startsWith("20/"));
  const tiles = await tilesLoaded(page);
  assert.ok(tiles.some(({ src }) => address(src)[0] === 20));
  assert.ok(tiles.every(({ natural }) => natural === 256));
  assert.equal(await page.getAttribute("#zoom-in", "aria-disabled"), "true");
  await page.focus("#map");
  await page.keyboard.press("+");
  assert.equal(await hash(page, "#20/43.734500/7.424500"), "#20/43.734500/7.424500");
  assert.deepEqual(page.problems, []);
});

test("a retina screen gets retina tiles, another does not", async () => {
  for (const [deviceScaleFactor, mark] of [[1, false], [2, true]]) {
    const page = await openMap(browser, base, HARBOUR, { deviceScaleFactor });
    const pngs = page.seen.filter((url) => url.includes("/png/"));
    assert.ok(pngs.length >= 12 && pngs.every((url) => url.includes("@2x.png") === mark), pngs[0]);
    for (const { natural, width } of await tilesLoaded(page)) {
      assert.deepEqual([natural, width], [256 * deviceScaleFactor, 256]);
    }
    assert.deepEqual(page.problems, []);
    await page.context().close();
  }
});

test("tiles of 512 px show the same", async () => {
  const page = await openMap(browser, base, HARBOUR);
  const clip = { x: 200, y: 150, width: 500, height: 500 };
  const before = await text(page, "#position");
  page.seen.length = 0;
  await page.check("input[value='512']", { force: true });
  const tiles = await tilesLoaded(page);
  assert.ok(page.seen.length > 0 && page.seen.every((url) => url.endsWith(".png?tile_size=512")), page.seen[0]);
  for (const { src, natural, width } of tiles) assert.deepEqual([address(src)[0], natural, width], [15, 512, 512]);
  assert.equal(await text(page, "#position"), before);
  const { z, x, y } = tileAt(15, 43.7345, 7.4245);
  assert.equal(await text(page, "#tile"), `${z}/${x}/${y}`);
  assert.ok((await page.getAttribute("#png", "href")).endsWith(`png/${z}/${x}/${y}.png?tile_size=512`));
  const large = await pixels(page, clip);
  await page.check("input[value='256']", { force: true });
  await tilesLoaded(page);
  const small = await pixels(page, clip);
  // resvg rounds the edges of shapes by where they lie in a tile.
  const others = small.filter((pixel, i) => pixel !== large[i]).length;
  assert.ok(others < small.length / 100, `${others} of ${small.length} pixels differ`);
  assert.ok(count(small) > 50);
  assert.deepEqual(page.problems, []);
});

test("borders name their tiles", async () => {
  const page = await openMap(browser, base, HARBOUR);
  for (const size of ["256", "512"]) {
    await page.check(`input[value='${size}']`, { force: true });
    await page.check("#borders", { force: true });
    const tiles = await tilesLoaded(page);
    await page.waitForFunction(() =>
      [...document.querySelectorAll(".border")].every((border) => getComputedStyle(border).opacity === "1"),
    );
    const corners = await page.$$eval(".border", (borders) =>
      borders.map((border) => {
        const { x, y } = border.getBoundingClientRect();
        return `${border.textContent} ${Math.round(x)} ${Math.round(y)}`;
      }),
    );
    assert.ok(corners.length >= 4, `${corners.length} borders`);
    const expected = tiles.map(({ src, x, y }) => `${address(src).join("/")} ${Math.round(x)} ${Math.round(y)}`);
    assert.deepEqual(corners.sort(), expected.sort());
    if (size === "256") await screenshot(page, "desktop-borders");
  }
  await page.uncheck("#borders", { force: true });
  assert.equal(await page.locator(".border").count(), 0);
  assert.deepEqual(page.problems, []);
});

test("the tile under the pointer has its links", async () => {
  for (const [size, zoom, png, mvt] of [
    ["256", 14, "14/8529/5975", "13/4264/2987"],
    ["512", 14, "13/4264/2987", "13/4264/2987"],
    // The sample ends at zoom 14.
    ["256", 18, "18/136475/95600", "14/8529/5975"],
    ["512", 18, "17/68237/47800", "14/8529/5975"],
    ["256", 2, "2/2/1", "1/1/0"],
  ]) {
    // The place is the middle of the tile, away from the centre of the map.
    const [z, x, y] = png.split("/").map(Number);
    const lng = ((x + 0.5) / 2 ** z) * 360 - 180;
    const lat = (Math.atan(Math.sinh(Math.PI * (1 - (2 * (y + 0.5)) / 2 ** z))) * 180) / Math.PI;
    const page = await openMap(browser, base, `#${zoom}/${lat.toFixed(6)}/${lng.toFixed(6)}`);
    await page.check(`input[value='${size}']`, { force: true });
    const middle = await page.locator("#map").boundingBox();
    await page.mouse.move(middle.width / 2, middle.height / 2 - 5);
    assert.equal(await text(page, "#tile-title"), "Tile under the pointer");
    assert.equal(await text(page, "#tile"), png);
    assert.match(await text(page, "#mvt-tile"), new RegExp(`source tile ${mvt}$`));
    for (const [id, type, place] of [
      ["svg", "image/svg+xml", png],
      ["png", "image/png", png],
      ["json", "application/json", png],
      ["mvt", "application/vnd.mapbox-vector-tile", mvt],
    ]) {
      const link = page.locator(`#${id}`);
      const url = await link.evaluate((link) => link.href);
      assert.ok(url.startsWith(`${base}${id}/${place}.${id}`), `${url} is not of ${place}`);
      assert.equal(url.includes("tile_size=512"), size === "512" && id !== "mvt", url);
      const answer = await page.request.get(url);
      assert.deepEqual([answer.status(), answer.headers()["content-type"]], [200, type], url);
      assert.ok((await answer.body()).length > 0, url);
      assert.match(await link.getAttribute("aria-label"), new RegExp(`^${id.toUpperCase()} of tile ${place}`));
      assert.deepEqual([await link.getAttribute("target"), await link.getAttribute("rel")], ["_blank", "noopener"]);
    }
    assert.deepEqual(page.problems, [], png);
    await page.context().close();
  }
});

test("a link opens the picture in a new tab", async () => {
  const page = await openMap(browser, base, HARBOUR);
  const [tab] = await Promise.all([page.waitForEvent("popup"), page.click("#svg")]);
  await tab.waitForLoadState();
  assert.match(tab.url(), /\/svg\/16\/\d+\/\d+\.svg$/);
  assert.equal(await tab.evaluate(() => document.documentElement.nodeName), "svg");
});

test("a click holds a tile until the next", async () => {
  const page = await openMap(browser, base, HARBOUR);
  await page.mouse.click(300, 300);
  const held = await text(page, "#tile");
  assert.equal(await text(page, "#tile-title"), "Tile held");
  // On the way to the links the pointer goes over others.
  await page.mouse.move(900, 600);
  assert.equal(await text(page, "#tile"), held);
  const outline = await page.locator("path.held").boundingBox();
  assert.ok(outline.x < 300 && outline.x + outline.width > 300 && Math.abs(outline.width - 259) < 4, outline);
  await screenshot(page, "desktop-held");
  await page.mouse.click(300, 300);
  assert.equal(await text(page, "#tile-title"), "Tile under the pointer");
  assert.equal(await page.locator("path.held").count(), 0);
  await page.mouse.click(700, 600);
  assert.notEqual(await text(page, "#tile"), held);
  await page.click("text=World");
  assert.equal(await text(page, "#tile-title"), "Tile at the centre");
  assert.deepEqual(page.problems, []);
});

test("the buttons go to their places", async () => {
  const page = await openMap(browser, base, "#3/0/0");
  for (const [name, at] of [["Neubrandenburg", "#15/53.5569"], ["World", "#2/"], ["Monaco", "#16/43.7345"]]) {
    await page.click(`text=${name}`);
    await page.waitForFunction((at) => location.hash.startsWith(at), at);
    const tiles = await tilesLoaded(page);
    assert.ok(tiles.every(({ natural }) => natural === 256), name);
    await screenshot(page, `desktop-${name.toLowerCase()}`);
  }
  assert.deepEqual(page.problems, []);
});

test("the keyboard does it all", async () => {
  const page = await openMap(browser, base, HARBOUR);
  const stops = [];
  for (;;) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const active = document.activeElement;
      if (active === document.body) return null;
      // The box of a switch is what is seen, its input is not.
      const shown = active.matches("input") ? active.nextElementSibling : active;
      const { outlineStyle, outlineWidth } = getComputedStyle(shown);
      return { name: active.id || active.textContent, outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth) };
    });
    if (!stop || stops.some(({ name }) => name === stop.name)) break;
    stops.push(stop);
  }
  const names = stops.map(({ name }) => name);
  for (const name of ["map", "zoom-in", "zoom-out", "Monaco", "World", "borders", "svg", "png", "json", "mvt"]) {
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  }
  for (const { name, outline } of stops) assert.ok(outline >= 2, `nobody sees that ${name} has the focus`);
  await page.focus("#map");
  const start = await text(page, "#tile");
  while ((await text(page, "#tile")) === start) await page.keyboard.press("ArrowDown", { delay: 50 });
  assert.equal(await text(page, "#tile-title"), "Tile at the centre");
  await page.keyboard.press("-");
  await page.waitForFunction(() => document.querySelector("#tile").textContent.startsWith("15/"));
  await page.focus("#zoom-in");
  await page.keyboard.press("Space");
  await page.waitForFunction(() => document.querySelector("#tile").textContent.startsWith("16/"));
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#tile").textContent.startsWith("15/"));
  await page.focus("#borders");
  await page.keyboard.press("Space");
  assert.ok((await page.locator(".border").count()) > 3);
  await page.focus("input[value='256']");
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => document.querySelector("#tile").textContent.startsWith("14/"));
  assert.deepEqual(page.problems, []);
});

test("moves are told once they are over", async () => {
  const page = await openMap(browser, base, HARBOUR);
  await page.evaluate(() => {
    window.told = [];
    const status = document.querySelector("[role=status]");
    new MutationObserver(() => window.told.push(status.textContent)).observe(status, { childList: true, subtree: true });
  });
  await page.focus("#map");
  for (let i = 0; i < 6; i++) await page.keyboard.press("ArrowLeft");
  await page.mouse.move(200, 200);
  await page.mouse.move(600, 500, { steps: 20 });
  await page.waitForFunction(() => window.told.length > 0);
  await page.keyboard.press("-");
  await page.waitForFunction(() => window.told.some((text) => text.startsWith("Zoom 15")));
  const told = await page.evaluate(() => window.told);
  assert.ok(told.length <= 4, `${told}`);
});

test("the caller's key goes to tiles and links, and nowhere else", async () => {
  const plain = await openMap(browser, base, HARBOUR);
  assert.ok(plain.seen.every((url) => !url.includes("api_key")));
  const page = await openMap(browser, base, `?api_key=a%26b%2Fc${HARBOUR}`);
  const tiles = page.seen.filter((url) => url.includes("/png/"));
  assert.ok(tiles.length > 0 && tiles.every((url) => new URL(url).searchParams.get("api_key") === "a&b/c"), tiles[0]);
  for (const id of ["svg", "png", "json", "mvt"]) {
    const url = new URL(await page.locator(`#${id}`).evaluate((link) => link.href));
    assert.equal(url.searchParams.get("api_key"), "a&b/c");
  }
  await page.check("input[value='512']", { force: true });
  const large = await tilesLoaded(page);
  assert.ok(large.every(({ src }) => src.endsWith("?tile_size=512&api_key=a%26b%2Fc")), large[0].src);
  // The page itself got it, what it loads did not.
  const others = page.seen.filter((url) => !/\/png\/|\/\?/.test(url));
  assert.ok(others.length >= 5 && others.every((url) => !url.includes("api_key")), `${others}`);
  assert.deepEqual(page.problems, []);
});

test("what fails is told with its mend, and is over when it is mended", async (t) => {
  const keyed = await serve(t, ["--source", "http://127.0.0.1:9/{z}/{x}/{y}.mvt?api_key={api_key}"]);
  for (const [target, status, title] of [
    ["", 401, "The source needs an API key"],
    ["?api_key=mine", 502, "The source failed"],
  ]) {
    const page = await newPage(browser, {}, [new URL(keyed).host]);
    await page.goto(keyed + target + HARBOUR);
    const alert = page.getByRole("alert");
    await alert.waitFor();
    const problem = await (await page.request.get(`${keyed}png/16/34119/23898.png${target}`)).json();
    assert.equal(problem.status, status);
    const shown = await alert.innerText();
    for (const line of [title, problem.detail, problem.hint]) assert.ok(shown.includes(line), `${line} not in ${shown}`);
    if (status === 401) await screenshot(page, "desktop-problem");
    assert.ok(!page.problems.some((problem) => problem.startsWith("error") || problem.startsWith("foreign")));
    await page.context().close();
  }
  // A server that comes back.
  const page = await newPage(browser, {}, [new URL(base).host]);
  const refuse = (route) => route.fulfill({ status: 503, contentType: "text/plain", body: "<b>busy</b>" });
  await page.route("**/png/**", refuse);
  await page.goto(base + HARBOUR);
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /The server answered with 503/);
  await page.unroute("**/png/**", refuse);
  await page.click("text=Try again");
  await tilesLoaded(page);
  assert.equal(await page.getByRole("alert").isVisible(), false);
});

test("a stranger's attribution does no harm", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rasterzen-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const attribution =
    '© <a href="https://good.example/?a=1&amp;b=2" onclick="window.harm=1">Good</a> <img src="https://evil.example/x.png" ' +
    'onerror="window.harm=2"><script>window.harm=3</script><a href="javascript:window.harm=4">script</a> <b>bold' +
    '</b> <svg><a href="https://evil.example/svg">drawn</a><script>window.harm=5</script></svg><style>*{display:none}' +
    '</style><iframe src="https://evil.example/"></iframe><a href="//evil.example/x">relative</a> <form action=' +
    '"https://evil.example/"><button>push</button></form><math><mtext><p style="position:fixed">deep</p></mtext></math>';
  const path = join(folder, "strange.pmtiles");
  writeFileSync(path, withMetadata({ attribution, vector_layers: [] }));
  const page = await openMap(browser, await serve(t, ["--source", path]), HARBOUR);
  await page.waitForFunction(() => document.querySelector("#attribution").textContent);
  const html = await page.$eval("#attribution", (attribution) => attribution.innerHTML);
  assert.equal(
    html.replace(/ (target|rel)="[^"]*"/g, ""),
    '© <a href="https://good.example/?a=1&amp;b=2">Good</a> script bold drawnrelative pushdeep',
  );
  assert.equal(await page.getAttribute("#attribution a", "rel"), "noopener noreferrer");
  assert.equal(await page.evaluate(() => window.harm), undefined);
  // The parser of what is not shown names what the policy would not let run if it were.
  const harmless = /^console: (Executing inline event handler|Applying inline style) violates/;
  assert.deepEqual(page.problems.filter((problem) => !harmless.test(problem)), []);
});

// The sample with other metadata at its end (PMTiles 3: their offset and length at bytes 24 and 32, gzip like it was).
function withMetadata(metadata) {
  const archive = readFileSync(join(ROOT, "fixtures/sample/sample.pmtiles"));
  const bytes = gzipSync(JSON.stringify(metadata));
  assert.deepEqual([archive.toString("latin1", 0, 7), archive[7], archive[97]], ["PMTiles", 3, 2]);
  archive.writeBigUInt64LE(BigInt(archive.length), 24);
  archive.writeBigUInt64LE(BigInt(bytes.length), 32);
  return Buffer.concat([archive, bytes]);
}

test("a source without Monaco starts where it has something", async (t) => {
  const args = [...SAMPLE, "--source-bounds", "13.1,53.4,13.5,53.7"];
  const base = await serve(t, args);
  const page = await openMap(browser, base);
  const [zoom, lat, lng] = (await hash(page)).slice(1).split("/").map(Number);
  assert.ok(zoom >= 9 && lat > 53.4 && lat < 53.7 && lng > 13.1 && lng < 13.5, page.url());
  const elsewhere = await openMap(browser, base, HARBOUR);
  await elsewhere.waitForFunction(() => document.querySelector("#attribution").textContent);
  assert.equal((await text(elsewhere, "#tile")).split("/")[0], "16");
});

test("on a phone the panel leaves the map free", async () => {
  for (const [name, options] of [
    ["phone-light", PHONE],
    ["phone-dark", { ...PHONE, colorScheme: "dark" }],
    ["phone-small", { ...PHONE, viewport: { width: 320, height: 568 } }],
    ["phone-landscape", { ...PHONE, viewport: { width: 844, height: 390 } }],
  ]) {
    const page = await openMap(browser, base, "", options);
    const { width, height } = options.viewport;
    const [map, panel] = [await page.locator("#map").boundingBox(), await page.locator("aside").boundingBox()];
    const apart = map.y + map.height <= panel.y + 0.5 || map.x + map.width <= panel.x + 0.5;
    assert.ok(apart, `${name}: ${JSON.stringify([map, panel])}`);
    assert.ok(map.width * map.height > 0.55 * width * height, `${name}: the map has ${map.width} x ${map.height}`);
    const overflow = await page.evaluate(() => [document.documentElement, document.querySelector("aside")]
      .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth));
    assert.deepEqual(overflow, [0, 0], name);
    const targets = "button:visible, #links a, .switch span, .check span";
    for (const target of await page.locator(targets).all()) {
      const box = await target.boundingBox();
      assert.ok(box.width >= 44 && box.height >= 44, `${name}: ${await target.innerText()} ${JSON.stringify(box)}`);
    }
    await screenshot(page, name);
    // A panel that grows takes room from the map, and its place stays at the centre.
    const grow = (padding) => page.$eval("aside header", (header, padding) => (header.style.padding = padding), padding);
    for (const padding of ["0 0 30px", ""]) {
      await grow(padding);
      const { width, height } = await page.locator("#map").boundingBox();
      const [x, y] = worldAt(16, 43.7345, 7.4245);
      const shown = (await tilesLoaded(page)).find(({ src }) => address(src).join() === [16, Math.floor(x), Math.floor(y)].join());
      const [left, top] = [shown.x + (x % 1) * 256, shown.y + (y % 1) * 256];
      assert.ok(Math.abs(left - width / 2) <= 1 && Math.abs(top - height / 2) <= 1, `${name}: ${left}, ${top}`);
    }
    // A tap holds a tile, another lets go.
    const before = await text(page, "#tile");
    await page.touchscreen.tap(map.width / 2 - 100, map.height / 2);
    assert.equal(await text(page, "#tile-title"), "Tile held", name);
    await page.touchscreen.tap(map.width / 2 - 100, map.height / 2);
    await page.waitForFunction(() => document.querySelector("#tile-title").textContent === "Tile at the centre");
    assert.equal(await text(page, "#tile"), before, name);
    assert.deepEqual(page.problems, [], name);
    await page.context().close();
  }
});

test("dark mode darkens the page and not the tiles", async () => {
  const clip = { x: 200, y: 150, width: 300, height: 300 };
  const looks = {};
  for (const colorScheme of ["light", "dark"]) {
    const page = await openMap(browser, base, HARBOUR, { colorScheme });
    const parts = ["aside", "#zoom button", "#attribution"];
    const light = await page.evaluate((parts) => parts.map((part) => {
      const [r, g, b] = getComputedStyle(document.querySelector(part)).backgroundColor.match(/[\d.]+/g).map(Number);
      return (r + g + b) / 3;
    }), parts);
    assert.ok(light.every((level) => (colorScheme === "dark" ? level < 64 : level > 192)), `${colorScheme}: ${light}`);
    looks[colorScheme] = await pixels(page, clip);
    if (colorScheme === "dark") await screenshot(page, "desktop-dark");
    assert.deepEqual(page.problems, []);
  }
  assert.ok(count(looks.light) > 50);
  assert.deepEqual(looks.dark, looks.light);
});

test("one style has no switch", async () => {
  const page = await openMap(browser, base);
  await page.waitForFunction(() => document.title.startsWith("light"));
  assert.equal(await page.isVisible("#styles"), false);
});

test("several styles have one, and the place stays", async (t) => {
  const names = ["light", "town"];
  const base = await serve(t, [...SAMPLE, "--style", "light", "--style", `${names[1]}=${join(ROOT, "fixtures/styles/options/town.json")}`]);
  const page = await openMap(browser, base, "#15/43.73450/7.42450");
  await page.waitForSelector("#styles:not([hidden])");
  assert.deepEqual(await page.locator("#style option").allTextContents(), names);
  const clip = { x: 200, y: 150, width: 400, height: 400 };
  const first = await pixels(page, clip);
  const tile = await text(page, "#tile");
  page.seen.length = 0;
  // By keyboard alone.
  await page.focus("#style");
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.title.startsWith("town"));
  const tiles = await tilesLoaded(page);
  assert.ok(tiles.length >= 12 && tiles.every(({ src }) => new URL(src).searchParams.get("style") === names[1]), tiles[0].src);
  assert.equal(await hash(page, "#15/43.73450/7.42450/town"), "#15/43.73450/7.42450/town");
  assert.equal(await text(page, "#tile"), tile);
  assert.notDeepEqual(await pixels(page, clip), first);
  for (const form of ["svg", "png", "json", "mvt"]) {
    assert.equal(new URL(await page.$eval(`#${form}`, ({ href }) => href)).searchParams.get("style"), names[1], form);
  }
  await screenshot(page, "styles");
  // From the URL: nothing is drawn in the default first.
  page.seen.length = 0;
  await page.reload();
  await tilesLoaded(page);
  assert.equal(await page.inputValue("#style"), names[1]);
  const pngs = page.seen.filter((url) => url.includes("/png/"));
  assert.ok(pngs.length > 0 && pngs.every((url) => url.includes("style=")), pngs[0]);
  // Moves keep it, another hash changes it, and one that is not served is the default.
  await page.focus("#map");
  await page.keyboard.press("+");
  await page.waitForFunction(() => /^#16\/.*\/town$/.test(location.hash));
  for (const [end, name] of [["", ""], ["/town", names[1]], ["/nowhere", ""], ["/%zz", ""]]) {
    await page.evaluate((end) => (location.hash = `#15/43.73450/7.42450${end}`), end);
    await page.waitForFunction((name) => document.querySelector("#style").value === name, name);
    await tilesLoaded(page);
  }
  await page.selectOption("#style", names[1]);
  await page.selectOption("#style", "light");
  assert.equal(await hash(page, "#15/43.73450/7.42450"), "#15/43.73450/7.42450");
  assert.deepEqual(page.problems, []);
  const fresh = await openMap(browser, base, "#15/43.73450/7.42450/nowhere");
  assert.equal(await text(fresh, "#tile"), tile);
  assert.deepEqual(fresh.problems, []);
});

test("names are in the language that is chosen, and the URL keeps it", async (t) => {
  const base = await serve(t, [...SAMPLE, "--style", "light", "--style", `town=${join(ROOT, "fixtures/styles/options/town.json")}`]);
  const page = await openMap(browser, base, "#15/43.73450/7.42450");
  await page.waitForSelector("#styles:not([hidden])");
  const langs = async () => (await tilesLoaded(page)).map(({ src }) => new URL(src).searchParams.get("lang"));
  assert.ok((await langs()).every((lang) => lang === null));
  const options = await page.$$eval("#language option", (all) => all.map(({ value, text, lang }) => [value, text, lang]));
  assert.equal(options[0][0], "");
  assert.ok(options.length > 10);
  for (const [value, text, lang] of options.slice(1)) assert.ok(lang === value && text !== value && text.length > 1, text);
  assert.deepEqual(options.find(([value]) => value === "de").slice(0, 2), ["de", "Deutsch"]);
  await page.selectOption("#language", "de");
  assert.ok((await langs()).every((lang) => lang === "de"));
  assert.equal(await hash(page, "#15/43.73450/7.42450//de"), "#15/43.73450/7.42450//de");
  assert.equal(new URL(await page.$eval("#svg", ({ href }) => href)).searchParams.get("lang"), "de");
  await page.selectOption("#style", "town");
  assert.equal(await hash(page, "#15/43.73450/7.42450/town/de"), "#15/43.73450/7.42450/town/de");
  // Nothing is drawn in another language first.
  page.seen.length = 0;
  await page.reload();
  await tilesLoaded(page);
  assert.equal(await page.inputValue("#language"), "de");
  const pngs = page.seen.filter((url) => url.includes("/png/"));
  assert.ok(pngs.length > 0 && pngs.every((url) => url.includes("lang=de")), pngs[0]);
  for (const [end, tag] of [["", ""], ["//zh-Hant", "zh-Hant"], ["/town/xx", ""], ["/town/fr", "fr"]]) {
    await page.evaluate((end) => (location.hash = `#15/43.73450/7.42450${end}`), end);
    await page.waitForFunction((tag) => document.querySelector("#language").value === tag, tag);
    await tilesLoaded(page);
  }
  assert.deepEqual(page.problems, []);
});

test("the switch fits a phone and the dark, and axe finds nothing in it", async (t) => {
  const styles = ["light", `a-style-with-quite-a-long-name-of-its-own=${join(ROOT, "fixtures/styles/options/town.json")}`];
  const base = await serve(t, [...SAMPLE, ...styles.flatMap((style) => ["--style", style])]);
  const axe = readFileSync(join(HERE, "node_modules/axe-core/axe.min.js"), "utf8");
  for (const [name, options] of [
    ["styles-desktop-dark", { colorScheme: "dark" }],
    ["styles-phone-light", PHONE],
    ["styles-phone-dark", { ...PHONE, colorScheme: "dark" }],
    ["styles-phone-small", { ...PHONE, viewport: { width: 320, height: 568 } }],
    ["styles-phone-landscape", { ...PHONE, viewport: { width: 844, height: 390 } }],
  ]) {
    const page = await openMap(browser, base, `${HARBOUR}/a-style-with-quite-a-long-name-of-its-own`, options);
    const { height, width } = await page.locator("#style").boundingBox();
    const least = options.isMobile ? 44 : 36;
    assert.ok(height >= least && width >= least, `${name}: ${width} x ${height}`);
    const overflow = await page.evaluate(() => [document.documentElement, document.querySelector("aside")]
      .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth));
    assert.deepEqual(overflow, [0, 0], name);
    await screenshot(page, name);
    await page.evaluate(() => {
      for (const tile of document.querySelectorAll("img.leaflet-tile")) tile.style.mixBlendMode = "normal";
    });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html + failureSummary)}`);
    assert.deepEqual(found, [], name);
    assert.deepEqual(page.problems, [], name);
    await page.context().close();
  }
});

test("who wants less motion gets none", async () => {
  for (const [reducedMotion, animated] of [["no-preference", true], ["reduce", false]]) {
    const page = await openMap(browser, base, HARBOUR, { reducedMotion });
    const classes = await page.getAttribute("#map", "class");
    assert.equal(classes.includes("leaflet-zoom-anim") || classes.includes("leaflet-fade-anim"), animated, classes);
  }
});

test("axe finds nothing", async () => {
  const axe = readFileSync(join(HERE, "node_modules/axe-core/axe.min.js"), "utf8");
  for (const options of [{}, { colorScheme: "dark" }, PHONE, { ...PHONE, colorScheme: "dark" }]) {
    const page = await openMap(browser, base, HARBOUR, options);
    await page.check("#borders", { force: true });
    await page.evaluate(() => {
      // How Leaflet lets tiles meet; axe does not know this way of blending, and gives up.
      for (const tile of document.querySelectorAll("img.leaflet-tile")) tile.style.mixBlendMode = "normal";
      document.querySelector("#problem-title").textContent = "A title";
      document.querySelector("#problem-detail").textContent = "A detail";
      document.querySelector("#problem").hidden = false;
    });
    await page.evaluate(axe);
    const { violations, passes } = await page.evaluate(() => window.axe.run());
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html + failureSummary)}`);
    assert.deepEqual(found, [], JSON.stringify(options));
    assert.ok(passes.some(({ id }) => id === "color-contrast"));
    await page.context().close();
  }
});

test("it works under a base path, with and without the slash", async (t) => {
  const base = await serve(t, [...SAMPLE, "--base-path", "/a/maps"]);
  assert.ok(base.endsWith("/a/maps/"));
  for (const url of [base, base.slice(0, -1)]) {
    const page = await openMap(browser, url, HARBOUR);
    assert.equal(page.url(), base + HARBOUR);
    assert.ok((await tilesLoaded(page)).every(({ src }) => src.startsWith(`${base}png/`)));
    assert.deepEqual(page.problems, []);
  }
});
