// The map: the world, the operator's own tiles where there are some, the clients; moved by hand, wheel and keys.

import { Land } from "./land.js";
import { Points } from "./points.js";
import { onTheme } from "./theme.js";
import { world } from "./world.js";

const { L } = window;

/** To the poles of Web Mercator, and round as often as one likes. */
const WORLD = [[-85.05, -1e5], [85.05, 1e5]];
/** How often the dots are drawn where nothing moves but their ages. */
const AGEING = 1000;

/** Of so many milliseconds one is for drawing. */
const SHARE = 4;

/** Makes the map in an element; `{ map, points }`. */
export function makeMap(container, clients) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(container, { zoomControl: false, attributionControl: false, maxZoom: 18, zoomSnap: 0.5,
    worldCopyJump: true, maxBoundsViscosity: 1, maxBounds: WORLD, zoomAnimation: !still, fadeAnimation: !still,
    inertia: !still, markerZoomAnimation: !still });
  map.createPane("land").classList.add("under");
  map.createPane("points").classList.add("over");
  L.control.zoom({ position: "topright" }).addTo(map);
  L.control.scale({ position: "bottomright", imperial: false }).addTo(map);
  L.control.attribution({ position: "bottomright", prefix: false }).addTo(map).addAttribution("Natural Earth");
  home(map);
  const land = new Land({ pane: "land", margin: 0.3 }).addTo(map);
  const points = new Points(clients, { pane: "points", pixels: true }).addTo(map);
  onTheme(() => {
    land.draw();
    points.isStale = true;
  });
  world().then((drawn) => land.show(drawn));
  animate(points, clients);
  return { map, points, land };
}

/** Shows the inhabited world, beside the panel. No zoom leaves a part of the window empty above the poles. */
function home(map) {
  const { y: height } = map.getSize();
  const zoom = Math.ceil(2 * Math.log2(height / 256)) / 2;
  map.setMinZoom(zoom);
  // Most land is in the north; a window that is high has room for less of the south.
  goTo(map, height > 800 ? 30 : 18, 12, zoom, false);
}

/** Brings a position into the middle of what the panel leaves free. */
export function goTo(map, lat, lng, zoom = map.getZoom(), animate = undefined) {
  const panel = [...document.querySelectorAll(".panel")].find((one) => !one.hidden).getBoundingClientRect();
  const isBeside = panel.width < map.getSize().x;
  const covered = isBeside ? [-panel.right / 2, 0] : [0, panel.height / 2];
  map.setView(map.unproject(map.project([lat, lng], zoom).add(covered), zoom), zoom, { animate });
}

/** The operator's tiles, over the land. */
export function addTiles(map, land, { tiles, attribution }) {
  if (!tiles) return;
  L.tileLayer(tiles, { maxZoom: 18, pane: "land" }).on("tileload", () => land.remove()).addTo(map);
  if (attribution) {
    const text = document.createElement("span");
    text.textContent = attribution;
    map.attributionControl.addAttribution(text.innerHTML);
  }
}

/** Draws a frame whenever something has changed. What is moved by hand is drawn at once; else drawing takes a part of the
 * time alone, so that a page with very many clients stays quick to the hand. */
function animate(points, clients) {
  let [version, drawn, rest] = [-1, 0, 0];
  const frame = (time) => {
    const hasNews = clients.version !== version || time - drawn > AGEING;
    if (points.isStale || hasNews && time - drawn >= rest) {
      [version, drawn] = [clients.version, time];
      const began = performance.now();
      points.draw();
      rest = SHARE * (performance.now() - began);
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** Tells `select` of the client that is pressed, or of none, and shows in `hover` which one is under the pointer. */
export function pointing(map, points, clients, hover, select) {
  map.on("click", ({ containerPoint }) => {
    if (map.getContainer().classList.contains("drawing")) return;
    const row = points.nearest(containerPoint);
    select(row === undefined ? null : clients.id[row]);
  });
  map.on("mousemove", ({ containerPoint }) => {
    const row = points.nearest(containerPoint);
    hover.hidden = row === undefined;
    map.getContainer().classList.toggle("pointing", row !== undefined);
    if (row === undefined) return;
    hover.textContent = clients.id[row];
    const right = containerPoint.x > map.getSize().x - 200;
    hover.style.transform = `translate(${containerPoint.x + (right ? -12 : 14)}px, ${containerPoint.y + 12}px)`
      + (right ? " translateX(-100%)" : "");
  });
  map.on("mouseout movestart", () => { hover.hidden = true; });
}
