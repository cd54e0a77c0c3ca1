// Fences: circles that are watched while the page is open, and who enters and leaves them.

import { byId, button, element, row as listed, say } from "./dom.js";
import { distance, moment } from "./format.js";
import { now } from "./clock.js";
import { Stream } from "./stream.js";

const { L } = window;

/** A browser opens six connections to a server: one is the map's, two are for requests. */
const MOST = 3;
/** How many crossings are listed. */
const LISTED = 50;

export function fences({ map }, select) {
  let made = 0;
  let watched = 0;
  const remove = (fence, item) => {
    fence.stream.end();
    fence.circle.remove();
    item.remove();
    watched -= 1;
  };
  const add = (center, km) => {
    if (watched >= MOST) {
      say(byId("fence-said"), `At most ${MOST} fences: remove one first.`);
      return;
    }
    say(byId("fence-said"), "");
    watched += 1;
    const fence = watch(map, `Fence ${made += 1}`, center, km, select);
    const item = element("li", "", element("span", "name", `${fence.name}, ${distance(km)}`), fence.said);
    item.append(
      button("Show", () => map.fitBounds(fence.circle.getBounds()), `Show ${fence.name}`),
      button("Remove", () => remove(fence, item), `Remove ${fence.name}`),
    );
    byId("fences").append(item);
  };
  byId("fence").addEventListener("submit", (event) => {
    event.preventDefault();
    add(map.getCenter(), Number(byId("radius").value));
  });
  drawing(map, add);
}

/** Watches a circle, and lists who crosses it. */
function watch(map, name, center, km, select) {
  const { lat, lng } = center.wrap();
  const circle = L.circle(center, { radius: km * 1000, className: "fence-circle" }).addTo(map).bindTooltip(name);
  const said = element("span", "more");
  const query = new URLSearchParams({ lat: lat.toFixed(6), lng: lng.toFixed(6), radius: String(km), fence: "1" });
  const inside = new Set();
  const show = () => { said.textContent = `${inside.size} inside`; };
  const stream = new Stream(`/v1/watch?${query}`, {
    again: () => inside.clear(),
    crossings: (crossings) => {
      for (const { kind, id } of crossings) {
        if (kind === "enter") inside.add(id);
        else inside.delete(id);
      }
      list(name, crossings, select);
      show();
    },
    watching: show,
    state: ({ state, why }) => {
      if (state === "refused") say(byId("fence-said"), `${name}: ${why}`);
      if (state === "lost") said.textContent = "connection lost";
    },
  });
  return { name, circle, said, stream };
}

function list(name, crossings, select) {
  const list = byId("crossings");
  byId("crossings-title").hidden = false;
  const rows = crossings.slice(-LISTED).reverse().map(({ kind, id }) => {
    const [word, sign] = kind === "enter" ? ["entered", "→"] : ["left", "←"];
    const item = listed(id, `${word} ${name}, ${moment(now())}`, () => select(id, true));
    const mark = element("span", kind, sign);
    mark.setAttribute("aria-hidden", "true");
    item.firstChild.prepend(mark);
    return item;
  });
  list.prepend(...rows);
  while (list.children.length > LISTED) list.lastChild.remove();
}

/** Drawing, by mouse, pen or finger: press in the middle, pull to the edge. */
function drawing(map, add) {
  const [draw, container] = [byId("draw"), map.getContainer()];
  let circle = null;
  const far = (event) => circle.getLatLng().distanceTo(map.mouseEventToLatLng(event));
  const steps = {
    pointerdown: (event) => {
      const center = map.mouseEventToLatLng(event);
      circle ??= L.circle(center, { radius: 1, className: "fence-circle", interactive: false }).addTo(map);
    },
    pointermove: (event) => circle?.setRadius(far(event)),
    pointerup: (event) => {
      if (!circle) return;
      const [center, km] = [circle.getLatLng(), far(event) / 1000];
      stop();
      // A click alone is no circle.
      if (km >= 0.05) add(center, Number(km.toFixed(3)));
    },
  };
  const begin = () => {
    draw.setAttribute("aria-pressed", "true");
    container.classList.add("drawing");
    map.dragging.disable();
    for (const [name, step] of Object.entries(steps)) container.addEventListener(name, step);
  };
  const stop = () => {
    circle?.remove();
    circle = null;
    draw.setAttribute("aria-pressed", "false");
    map.dragging.enable();
    for (const [name, step] of Object.entries(steps)) container.removeEventListener(name, step);
    // The click that ends the drawing is no click on a client.
    setTimeout(() => container.classList.remove("drawing"));
  };
  draw.addEventListener("click", () => draw.getAttribute("aria-pressed") === "true" ? stop() : begin());
  document.addEventListener("keydown", ({ key }) => { if (key === "Escape") stop(); });
}
