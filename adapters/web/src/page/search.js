// Search by ID: among the clients that the page knows at once, and of the server for those that it does not.

import { get } from "./api.js";
import { ageOf } from "./ages.js";
import { byId, row as listed, say } from "./dom.js";
import { age, clients as people } from "./format.js";

const MOST = 20;
/** Milliseconds without a key until the server is asked. */
const REST = 250;

export function finder(page, select) {
  const [input, list, said] = [byId("search"), byId("found"), byId("search-said")];
  let timer = 0;
  const choose = (feature) => {
    page.clients.take([feature]);
    input.value = "";
    show([]);
    select(feature.id, true);
  };
  const show = (features) => {
    list.hidden = features.length === 0;
    list.replaceChildren(...features.map((feature) => listed(feature.id, feature.age, () => choose(feature))));
  };
  const search = async () => {
    const text = input.value.trim();
    const known = text ? page.clients.search(text, MOST).map((row) => ofRow(page.clients, row)) : [];
    show(known);
    say(said, text && known.length ? `${people(known.length)} found` : "");
    clearTimeout(timer);
    if (!text) return;
    timer = setTimeout(async () => {
      const asked = await ask(text, known).catch(() => []);
      if (input.value.trim() !== text) return;
      const all = [...known, ...asked].slice(0, MOST);
      // Rows that stay would lose the focus.
      if (asked.length) show(all);
      say(said, all.length ? `${people(all.length)} found` : "No client found");
    }, REST);
  };
  input.addEventListener("input", search);
  byId("finder").addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("button")?.click();
  });
  arrows(input, list);
}

function ofRow(clients, row) {
  return { kind: "seen", id: clients.id[row], lat: clients.lat[row], lng: clients.lng[row], time: clients.time[row],
    origin: clients.origin[row], skew: clients.skew[row], age: age(ageOf(clients, row)) };
}

/** Clients of the server that are not known here. */
async function ask(text, known) {
  const pattern = encodeURIComponent(text.endsWith("*") ? text : `${text}*`);
  const { features } = await get(`/v1/clients?match=${pattern}&limit=${MOST}`);
  const ids = new Set(known.map(({ id }) => id));
  return features.filter(({ id }) => !ids.has(String(id))).map(({ id, geometry, properties }) => ({
    kind: "seen", id: String(id), lng: geometry.coordinates[0], lat: geometry.coordinates[1],
    time: Number(properties.time), origin: properties.origin, skew: properties.skew, age: "",
  }));
}

/** Arrow keys go through what was found; Escape empties it. */
function arrows(input, list) {
  byId("finder").addEventListener("keydown", (event) => {
    const stops = [input, ...list.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      stops[Math.max(0, Math.min(stops.length - 1, stops.indexOf(document.activeElement) + step))].focus();
    } else if (event.key === "Escape" && input.value) {
      event.stopPropagation();
      input.value = "";
      input.dispatchEvent(new Event("input"));
      input.focus();
    }
  });
}
