// The page of a herd: its clients on the map, and the panel beside it.

import { get } from "./api.js";
import { Connection } from "./connection.js";
import { MOST } from "./clients.js";
import { Details } from "./details.js";
import { byId } from "./dom.js";
import { fences } from "./fences.js";
import { clients as people, count } from "./format.js";
import { addTiles, pointing } from "./map.js";
import { finder } from "./search.js";
import { servers } from "./servers.js";
import { Stream } from "./stream.js";
import { Table } from "./table.js";
import { tabs } from "./tabs.js";

export function herdPage(page) {
  const { map, points, clients } = page;
  const details = new Details(page);
  const select = (id, toIt = false) => details.show(id, toIt);
  const table = new Table(page, (id) => select(id, true));
  const connection = new Connection("connection", { loading: () => `Loading ${people(clients.size)}` });
  pointing(map, points, clients, byId("hover"), select);
  finder(page, select);
  servers(byId("view-servers"));
  fences(page, select);
  tabs(byId("herd"), () => table.show());
  folding();
  keys(details);
  watch(page, details, table, connection);
  settings(page, details);
  numbers(page, table, details);
}

function watch({ clients, points }, details, table, connection) {
  const stream = new Stream("/v1/watch?match=*", {
    changes: (changes) => {
      clients.take(changes);
      details.told(changes);
    },
    again: () => clients.again(),
    watching: () => {
      clients.settle();
      points.draw();
      table.show();
      connection.live();
    },
    state: (state) => connection.say(state),
  });
  connection.onRetry(() => stream.start());
}

async function settings({ map, land }, details) {
  try {
    const said = await get("/v1/map");
    byId("server").textContent = said.server;
    document.title = details.title = `${said.server} – herd`;
    details.sharing(said.share);
    addTiles(map, land, said);
  } catch {
    // The connection's state says what is wrong; the map does without.
    details.sharing(false);
  }
}

/** What is said in figures, once a second. */
function numbers({ clients }, table, details) {
  let before = clients.changes;
  setInterval(() => {
    const rate = clients.changes - before;
    before = clients.changes;
    const more = clients.leftOut ? ` (of more than ${count(MOST)})` : "";
    byId("count").textContent = `${people(clients.size)}${more} · ${count(rate)} reports/s`;
    table.tick();
    details.tick();
  }, 1000);
}

/** The panel of a phone can be folded away. */
function folding() {
  const fold = byId("fold");
  const set = (folded) => {
    byId("panel").classList.toggle("folded", folded);
    fold.setAttribute("aria-expanded", String(!folded));
    fold.setAttribute("aria-label", folded ? "Show the panel" : "Fold the panel");
  };
  fold.addEventListener("click", () => set(!byId("panel").classList.contains("folded")));
  set(matchMedia("(max-width: 640px)").matches);
}

/** Escape closes what is open, a slash goes to the search. */
function keys(details) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input");
    if (event.key === "Escape" && !byId("token").open) details.close();
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byId("search").focus();
  });
}
