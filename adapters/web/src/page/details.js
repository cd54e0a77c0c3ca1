// What is known of the client that is selected: its report, the places near it, a link to share it.

import { ageOf } from "./ages.js";
import { clientPath, get } from "./api.js";
import { project } from "./clients.js";
import { byId, element, row as listed, say } from "./dom.js";
import { age, distance, moment, position } from "./format.js";
import { goTo } from "./map.js";
import { Share } from "./share.js";

/** Which places are asked for. */
const PLACES = "radius=10&bound=8";
/** How near the map goes to a client that was searched for. */
const NEAR = 7;

export class Details {
  title = "herd";
  #page;
  #id = null;
  #follows = false;
  /** Who had heard the client when it was asked where it is at home, and what the answer was; nothing without regions. */
  #origin = null;
  #home = "";
  #share = new Share();
  #back = null;

  constructor(page) {
    this.#page = page;
    byId("close").addEventListener("click", () => this.close());
    byId("follow").addEventListener("click", () => this.#follow(!this.#follows));
    page.map.on("dragstart", () => this.#follow(false));
  }

  /** Whether the server makes links to share. */
  sharing(isOn) {
    this.#share.isOn = isOn;
  }

  /** Shows a client, or none; `toIt` where the map is to go there. */
  show(id, toIt) {
    if (id === null) {
      this.close();
      return;
    }
    const { points, clients, map } = this.#page;
    if (this.#id === null) this.#back = document.activeElement;
    const isOther = this.#id !== id;
    this.#id = points.selected = id;
    points.isStale = true;
    byId("panel").classList.remove("folded");
    byId("fold").setAttribute("aria-expanded", "true");
    byId("details").hidden = false;
    byId("client").textContent = id;
    document.title = `${id} – ${this.title}`;
    this.tick();
    const row = clients.find(id);
    if (toIt && row !== undefined) this.#go(map, clients, row);
    if (toIt) byId("client").focus();
    if (!isOther) return;
    this.#follow(false);
    this.#share.of(id);
    this.#home = "";
    this.#ask(id);
    this.#places(id);
  }

  #go(map, clients, row) {
    const zoom = Math.max(map.getZoom(), NEAR);
    goTo(map, clients.lat[row], clients.lng[row], zoom);
  }

  close() {
    if (this.#id === null) return;
    this.#id = this.#page.points.selected = null;
    this.#page.points.places = [];
    this.#page.points.isStale = true;
    this.#follow(false);
    byId("details").hidden = true;
    document.title = this.title;
    if (this.#back?.isConnected) this.#back.focus({ preventScroll: true });
  }

  #follow(follows) {
    this.#follows = follows;
    byId("follow").setAttribute("aria-pressed", String(follows));
    if (follows) this.#center();
  }

  #center() {
    const { map, clients } = this.#page;
    const row = clients.find(this.#id);
    if (row !== undefined) goTo(map, clients.lat[row], clients.lng[row], map.getZoom(), false);
  }

  /** Takes what a stream has told. */
  told(changes) {
    if (this.#id === null) return;
    const change = changes.findLast(({ id }) => id === this.#id);
    if (!change) return;
    const gone = { forgotten: "This client was forgotten.", expired: "The last report of this client has expired.",
      left: "This client is no longer shown to you." };
    say(byId("client-said"), gone[change.kind]);
    if (this.#follows) this.#center();
    // Another server has heard it: maybe one of another region.
    if (this.#home && change.kind === "seen" && change.origin !== this.#origin) this.#ask(this.#id);
    this.tick();
  }

  /** Asks in which region the client is at home. */
  async #ask(id) {
    const { clients } = this.#page;
    const row = clients.find(id);
    this.#origin = row === undefined ? null : clients.origin[row];
    const home = await homeOf(id);
    if (id !== this.#id) return;
    this.#home = home;
    this.tick();
  }

  /** Ages grow. */
  tick() {
    if (this.#id === null) return;
    const { clients } = this.#page;
    const row = clients.find(this.#id);
    byId("follow").disabled = row === undefined;
    if (row === undefined) {
      byId("report").replaceChildren();
      if (byId("client-said").hidden) say(byId("client-said"), "This client is not known any more.");
      return;
    }
    say(byId("client-said"), "");
    report(byId("report"), [
      ["Position", position(clients.lat[row], clients.lng[row])],
      ["Reported", `${age(ageOf(clients, row))}, ${moment(clients.time[row])}`],
      ["Heard by", clients.origin[row]],
      ["Skew", `${clients.skew[row]} s`],
      ...(this.#home ? [["Region", this.#home]] : []),
    ]);
  }

  async #places(id) {
    const list = byId("places");
    list.replaceChildren(listed("Looking", ""));
    this.#page.points.places = [];
    const { places, said } = await nearPlaces(id);
    if (id !== this.#id) return;
    list.replaceChildren(...places.map(({ name, far }) => listed(name, far)));
    if (said) list.replaceChildren(listed(said, ""));
    this.#page.points.places = places;
    this.#page.points.isStale = true;
  }
}

/** Writes terms and what is said of them, and touches only what has changed. */
export function report(list, pairs) {
  if (list.children.length !== 2 * pairs.length) {
    list.replaceChildren(...pairs.flatMap(([term]) => [element("dt", "", term), element("dd")]));
  }
  pairs.forEach(([, text], at) => {
    const shown = list.children[2 * at + 1];
    if (shown.textContent !== text) shown.textContent = text;
  });
}

/** The region that a client is at home in, as far as one says so. */
async function homeOf(id) {
  try {
    const { properties } = await get(clientPath(id));
    return properties.region ?? "";
  } catch ({ region }) {
    return region ? `${region}, which does not answer` : "";
  }
}

/** The places near a client, or what is said in their place. */
async function nearPlaces(id) {
  try {
    const { results, error_message: why } = await get(clientPath(id, `/places?${PLACES}`));
    const center = await get(clientPath(id));
    const [lng, lat] = center.geometry.coordinates;
    const places = (results ?? []).map(({ name, geometry: { location } }) => {
      const [x, y] = project(location.lat, location.lng);
      return { name, x, y, km: kilometres(lat, lng, location.lat, location.lng) };
    }).sort((a, b) => a.km - b.km).map((place) => ({ ...place, far: distance(place.km) }));
    return { places, said: places.length ? "" : why || "None within 10 km" };
  } catch (problem) {
    return { places: [], said: problem.message };
  }
}

/** The way over the globe between two positions (haversine). */
function kilometres(lat, lng, otherLat, otherLng) {
  const rad = Math.PI / 180;
  const a = Math.sin((otherLat - lat) * rad / 2) ** 2
    + Math.cos(lat * rad) * Math.cos(otherLat * rad) * Math.sin((otherLng - lng) * rad / 2) ** 2;
  return 2 * 6371.0088 * Math.asin(Math.min(1, Math.sqrt(a)));
}
