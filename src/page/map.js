// The map page: Leaflet over this server's tiles, and links to what one tile is made of.
//
// Every URL is relative to the page. What comes from elsewhere (the attribution, errors) is shown as text and links that
// are made here, never as HTML.

const PLACE = { zoom: 16, lat: 43.7345, lng: 7.4245 }; // Monaco, the harbour
const MAX_ZOOM = 20;
const MAX_LATITUDE = 85.0511;
const QUIET_MS = 600; // without a move before it is told and kept

const element = (id) => document.getElementById(id);
const key = new URLSearchParams(location.search).get("api_key");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

// ---- The place in the URL: #zoom/lat/lng, and behind it /style/language where they are not the default

function parsePlace(text) {
  const parts = /^(\d{1,2}(?:\.\d+)?)\/(-?\d{1,2}(?:\.\d+)?)\/(-?\d{1,3}(?:\.\d+)?)(?:\/([^/]+)(?:\/([^/]+))?|\/\/([^/]+))?$/.exec(text);
  if (!parts) return null;
  const [zoom, lat, lng] = parts.slice(1, 4).map(Number);
  const [style, language] = [parts[4], parts[5] ?? parts[6]].map((part) => decoded(part));
  const inside = zoom <= MAX_ZOOM && Math.abs(lat) <= MAX_LATITUDE && Math.abs(lng) <= 180;
  return inside ? { zoom: Math.round(zoom), lat, lng, style, language: spoken(language) } : null;
}

function decoded(text = "") {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

// The languages that most names are in, besides their own. None is each name as it stands on the spot.
const LANGUAGES = "ar de el en es fa fr he hi id it ja ko nl pl pt ru sv tr uk vi zh-Hans zh-Hant".split(" ");
const spoken = (tag) => (LANGUAGES.includes(tag) ? tag : "");

// As many decimals as a pixel of 256 · 2^zoom around the world needs.
function decimals(zoom) {
  return Math.max(0, Math.ceil(Math.log10((256 * 2 ** zoom) / 360)));
}

function placeText() {
  const zoom = map.getZoom();
  const { lat, lng } = map.getCenter().wrap();
  return [zoom, lat.toFixed(decimals(zoom)), lng.toFixed(decimals(zoom))].join("/");
}

function show(place) {
  map.setView([place.lat, place.lng], place.zoom, { animate: false });
}

// ---- The map

const given = parsePlace(location.hash.slice(1));

const map = L.map("map", {
  attributionControl: false, // it takes HTML
  zoomControl: false, // its links are no buttons to the space bar
  minZoom: 1,
  maxZoom: MAX_ZOOM,
  maxBounds: [[-90, -Infinity], [90, Infinity]],
  maxBoundsViscosity: 1,
  zoomAnimation: !still,
  fadeAnimation: !still,
  inertia: !still,
});
show(given ?? PLACE);
// The panel may take more or less room. (Without a change this would round the centre to a pixel.)
new ResizeObserver(([{ contentRect }]) => {
  const { x, y } = map.getSize();
  if (Math.round(contentRect.width) !== x || Math.round(contentRect.height) !== y) map.invalidateSize({ animate: false });
}).observe(map.getContainer());

// Goes to a place that was named, wherever the mouse was before.
function goTo(place) {
  pointer = null;
  letGo();
  show(place);
}

let size = 256;
let tiles = null;
let style = ""; // none is the default
let language = given?.language ?? ""; // none is each name's own
let styles = []; // the names of those that are served, the default first

function query(parameters) {
  const search = new URLSearchParams(parameters);
  if (key) search.set("api_key", key);
  const text = search.toString();
  return text ? `?${text}` : "";
}

const styleQuery = () => (style ? { style } : {});
const tileQuery = () => ({
  ...(size === 512 ? { tile_size: "512" } : {}),
  ...styleQuery(),
  ...(language ? { lang: language } : {}),
});
// A tile of 512 px shows what four of the next zoom show at 256 px, which is what the map's zoom counts.
const zoomOffset = () => (size === 512 ? -1 : 0);

function layTiles() {
  tiles?.remove();
  tiles = L.tileLayer(`png/{z}/{x}/{y}{r}.png{query}`, {
    query: query(tileQuery()),
    maxZoom: MAX_ZOOM,
    tileSize: size,
    zoomOffset: zoomOffset(),
  });
  tiles.on("tileerror", ({ tile }) => explain(tile.src));
  tiles.on("loading", () => (failed = false));
  tiles.on("load", () => failed || !source || hideProblem());
  tiles.addTo(map);
  layBorders();
}

// ---- Tile borders

const Borders = L.GridLayer.extend({
  createTile(coords) {
    const tile = L.DomUtil.create("div", "border");
    const z = coords.z + this.options.zoomOffset;
    const side = 2 ** z;
    const x = ((coords.x % side) + side) % side;
    L.DomUtil.create("span", "", tile).textContent = name({ z, x, y: coords.y });
    return tile;
  },
});

let borders = null;

function layBorders() {
  borders?.remove();
  borders = null;
  if (!element("borders").checked) return;
  borders = new Borders({ tileSize: size, zoomOffset: zoomOffset(), maxZoom: MAX_ZOOM, zIndex: 2 });
  borders.addTo(map);
  borders.getContainer().setAttribute("aria-hidden", "true");
}

// ---- One tile and its links: the one under the mouse, one that was clicked, else the one at the centre

let source = null; // { minzoom, maxzoom, tile_size } of the source's own tiles
let pointer = null; // where the mouse is, in the map's own pixels
let held = null; // the tile that was clicked, and its outline

function tileAt(latlng) {
  const z = map.getZoom() + zoomOffset();
  const side = 2 ** z;
  const { x, y } = map.project(latlng.wrap(), map.getZoom()).divideBy(size).floor();
  const clamp = (n) => Math.min(Math.max(n, 0), side - 1);
  return { z, x: clamp(x), y: clamp(y) };
}

// The source tile that a tile is drawn from, or lies in: it ends at a zoom of its own, and covers more or less ground.
function sourceTile({ z, x, y }) {
  const shift = Math.log2(size / source.tile_size);
  const up = z - Math.max(Math.min(z + shift, source.maxzoom, z), 0);
  return { z: z - up, x: Math.floor(x / 2 ** up), y: Math.floor(y / 2 ** up) };
}

const name = ({ z, x, y }) => `${z}/${x}/${y}`;

function setText(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text;
}

function link(id, href, label) {
  element(id).href = href;
  element(id).setAttribute("aria-label", `${element(id).textContent} of tile ${label}, in a new tab`);
}

function showTile() {
  const tile = held?.tile ?? tileAt(pointer ? map.containerPointToLatLng(pointer) : map.getCenter());
  setText("tile-title", held ? "Tile held" : pointer ? "Tile under the pointer" : "Tile at the centre");
  setText("tile", name(tile));
  const suffix = query(tileQuery());
  for (const form of ["svg", "png", "json"]) link(form, `${form}/${name(tile)}.${form}${suffix}`, name(tile));
  element("mvt").parentElement.hidden = element("mvt-tile").hidden = !source;
  if (source) {
    const own = sourceTile(tile);
    link("mvt", `mvt/${name(own)}.mvt${query(styleQuery())}`, name(own));
    setText("mvt-tile", `MVT: source tile ${name(own)}`);
  }
  setText("hold", held ? "Click it again to let it go." : "Click a tile to hold it here.");
  element("map").classList.toggle("aim", !held && !pointer);
}

function boundsOf({ z, x, y }) {
  const corner = (dx, dy) => map.unproject([(x + dx) * size, (y + dy) * size], z - zoomOffset());
  return L.latLngBounds(corner(0, 0), corner(1, 1));
}

function letGo() {
  held?.outline.remove();
  held = null;
}

function hold(latlng) {
  const tile = tileAt(latlng);
  const again = held && name(held.tile) === name(tile);
  letGo();
  if (again) return;
  const outline = L.rectangle(boundsOf(tile), { className: "held", interactive: false });
  held = { tile, outline: outline.addTo(map) };
}

map.getContainer().addEventListener("pointermove", (event) => {
  if (event.pointerType === "touch") return;
  pointer = map.mouseEventToContainerPoint(event);
  showTile();
});
map.on("click", ({ latlng }) => {
  hold(latlng);
  showTile();
});
map.on("zoomstart", letGo);
map.on("move zoomend", showTile);
// Whoever works without a mouse means the centre.
for (const event of ["keydown", "touchstart"]) {
  const noPointer = () => {
    pointer = null;
    showTile();
  };
  map.getContainer().addEventListener(event, noPointer, { passive: true });
}

// ---- Where the map is: told once it has come to rest

let resting = 0;
map.on("moveend", () => {
  clearTimeout(resting);
  resting = setTimeout(() => {
    const [zoom, lat, lng] = placeText().split("/");
    keepPlace();
    setText("position", `Zoom ${zoom} at ${lat}, ${lng}`);
  }, QUIET_MS);
});
function keepPlace() {
  const rest = [encodeURIComponent(style), ...(language ? [language] : [])].join("/");
  history.replaceState(null, "", `#${placeText()}${rest && `/${rest}`}`);
}
addEventListener("hashchange", () => {
  const place = parsePlace(location.hash.slice(1));
  if (!place) return;
  goTo(place);
  if (place.language !== language) setLanguage(place.language);
  if (styles.length && served(place.style) !== style) setStyle(served(place.style));
});
setText("position", `Zoom ${map.getZoom()} at ${placeText().split("/").slice(1).join(", ")}`);

// ---- What went wrong

let failed = false; // a tile, since the last time that tiles began to load
let asking = false;

function showProblem({ title, detail, hint }) {
  setText("problem-title", title);
  setText("problem-detail", detail ?? "");
  setText("problem-hint", hint ?? "");
  element("problem").hidden = false;
}

function hideProblem() {
  element("problem").hidden = true;
}

// An <img> does not tell why it failed: the same is asked for once more.
async function explain(url) {
  failed = true;
  if (asking) return;
  asking = true;
  const problem = await problemOf(url);
  asking = false;
  if (failed) showProblem(problem);
}

async function problemOf(url) {
  try {
    const answer = await fetch(url);
    if (answer.ok) return { title: "Some tiles did not load" };
    const text = await answer.text();
    try {
      const { title, detail, hint } = JSON.parse(text);
      return { title: String(title ?? `Error ${answer.status}`), detail, hint };
    } catch {
      return { title: `The server answered with ${answer.status}` };
    }
  } catch {
    return { title: "The server cannot be reached" };
  }
}

element("retry").addEventListener("click", () => {
  hideProblem();
  if (!source) readTileJson();
  tiles?.redraw();
});

// ---- What the map shows: its name, its source, and whose data it is

// The text and links of HTML that strangers wrote.
function safeContent(html) {
  const content = document.createDocumentFragment();
  const skipped = ["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT", "IFRAME", "OBJECT", "TEXTAREA", "TITLE", "XMP"];
  const copy = (from, to) => {
    for (const node of from.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) {
        to.append(node.data);
      } else if (node.nodeType === Node.ELEMENT_NODE && !skipped.includes(node.nodeName.toUpperCase())) {
        const href = node.nodeName === "A" && to === content ? safeUrl(node.getAttribute("href")) : null;
        if (href) {
          const anchor = document.createElement("a");
          Object.assign(anchor, { href, target: "_blank", rel: "noopener noreferrer" });
          copy(node, anchor);
          to.append(anchor);
        } else {
          copy(node, to);
        }
      }
    }
  };
  // A document of its own runs and loads nothing.
  copy(new DOMParser().parseFromString(html, "text/html").body, content);
  return content;
}

function safeUrl(href) {
  try {
    const url = new URL(href);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// The default is none, and so is what is not served.
const served = (name) => (styles.slice(1).includes(name) ? name : "");

async function readTileJson() {
  const wanted = style;
  const url = style ? `styles/${encodeURIComponent(style)}.json` : "tilejson.json";
  let about;
  try {
    const answer = await fetch(url);
    if (!answer.ok) throw answer;
    about = await answer.json();
  } catch {
    showProblem(await problemOf(url));
    return;
  }
  // Another was chosen meanwhile.
  if (wanted !== style) return;
  source = about.source;
  if (!styles.length) {
    offerStyles(about.styles);
    if (served(given?.style)) return setStyle(served(given.style));
  }
  setText("name", `rasterzen · ${about.name}`);
  document.title = `${about.name} map · rasterzen`;
  element("attribution").replaceChildren(safeContent(about.attribution ?? ""));
  const [west, south, east, north] = about.bounds;
  const bounds = L.latLngBounds([south, west], [north, east < west ? east + 360 : east]);
  // A source without Monaco starts with what it has.
  if (!given && !moved && !bounds.contains([PLACE.lat, PLACE.lng])) map.fitBounds(bounds);
  showTile();
}

// ---- Styles, where there are several

function offerStyles(names) {
  styles = names;
  const option = (name, index) => new Option(name, index ? name : "");
  element("style").replaceChildren(...names.map(option));
  element("styles").hidden = names.length < 2;
}

// The same place in another style.
function setStyle(name) {
  style = name;
  element("style").value = name;
  source = null;
  hideProblem();
  layTiles();
  showTile();
  return readTileJson();
}

element("style").addEventListener("change", ({ target }) => {
  setStyle(target.value);
  keepPlace();
});

// ---- Languages

// Each in itself, as who reads it looks for it.
function offerLanguages() {
  const name = (tag) => {
    const own = new Intl.DisplayNames([tag], { type: "language" }).of(tag);
    const option = new Option(own.charAt(0).toLocaleUpperCase(tag) + own.slice(1), tag);
    option.lang = tag;
    return option;
  };
  element("language").append(...LANGUAGES.map(name));
  element("language").value = language;
}

// The same place with names in another language.
function setLanguage(tag) {
  language = tag;
  element("language").value = tag;
  hideProblem();
  layTiles();
  showTile();
}

offerLanguages();
element("language").addEventListener("change", ({ target }) => {
  setLanguage(target.value);
  keepPlace();
});

// ---- The panel

let moved = false;
map.once("movestart", () => (moved = true));
element("places").addEventListener("click", ({ target }) => {
  const place = parsePlace(target.closest("button")?.dataset.view ?? "");
  if (place) goTo(place);
});
for (const input of document.querySelectorAll("input[name=size]")) {
  input.addEventListener("change", () => {
    size = Number(input.value);
    letGo();
    layTiles();
    showTile();
  });
}
element("borders").addEventListener("change", layBorders);
for (const [id, step, limit] of [["zoom-in", 1, map.getMaxZoom()], ["zoom-out", -1, map.getMinZoom()]]) {
  element(id).addEventListener("click", () => {
    pointer = null;
    map.setZoom(map.getZoom() + step);
  });
  const showLimit = () => element(id).setAttribute("aria-disabled", map.getZoom() === limit);
  map.on("zoomend", showLimit);
  showLimit();
}

size = Number(document.querySelector("input[name=size]:checked").value); // browsers keep it over a reload
// Which styles there are is not known yet: with one in the URL, nothing is drawn in another first.
if (!given?.style) layTiles();
showTile();
await readTileJson();
if (!tiles) layTiles();
