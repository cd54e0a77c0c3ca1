// The page of a shared link: one client, until the link ends.

import { ageOf } from "./ages.js";
import { get } from "./api.js";
import { Connection } from "./connection.js";
import { byId } from "./dom.js";
import { age, moment } from "./format.js";
import { addTiles, goTo } from "./map.js";
import { Stream } from "./stream.js";

/** How near the map goes. */
const NEAR = 13;

export function sharedPage(page, link) {
  byId("panel").hidden = true;
  byId("shared").hidden = false;
  byId("shared").querySelector(".bar").append(byId("theme"));
  const connection = new Connection("shared-connection");
  get("/v1/map").then((said) => addTiles(page.map, page.land, said), () => {});
  const stream = watch(page, link, connection);
  connection.onRetry(() => stream.start());
  setInterval(() => tick(page), 1000);
}

function watch({ map, points, clients }, link, connection) {
  let isFirst = true;
  const show = (change) => {
    if (change.kind !== "seen") return;
    points.selected = change.id;
    byId("shared-client").textContent = change.id;
    document.title = `${change.id} – herd`;
    if (change.until) until(change.until);
    goTo(map, change.lat, change.lng, isFirst ? NEAR : map.getZoom());
    isFirst = false;
  };
  get(`${link}/client`).then(({ properties }) => until(properties.until), () => {});
  const stream = new Stream(`${link}/watch`, {
    changes: (changes) => {
      clients.take(changes);
      changes.forEach(show);
    },
    again: () => clients.again(),
    watching: () => {
      clients.settle();
      connection.live();
    },
    state: (state) => {
      if (state.status === 410) connection.end(state.why);
      else connection.say(state);
    },
  });
  return stream;
}

/** When the link ends. It is POSIX seconds. */
function until(time) {
  byId("shared-until").textContent = `Shared until ${moment(Number(time))}`;
}

function tick({ clients, points }) {
  const row = points.selected === null ? undefined : clients.find(points.selected);
  const box = byId("shared-connection");
  if (row === undefined || box.dataset.state !== "live") return;
  byId("shared-text").textContent = `Live, reported ${age(ageOf(clients, row))}`;
}
