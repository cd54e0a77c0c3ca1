// Servers on a ring, with their links. What it shows stands in the list below it, too.

import { svg } from "./icons.js";

const [WIDTH, HEIGHT] = [316, 190];

export function drawGraph(box, all) {
  const servers = ring(all);
  const places = new Map(servers.map(({ name }, at) => [name, around(at, servers.length)]));
  const state = new Map(servers.map((server) => [server.name, server.state]));
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}` });
  for (const { name, links } of servers) {
    for (const other of links.filter((link) => link > name && places.has(link))) {
      const [from, to] = [places.get(name), places.get(other)];
      const kind = link(state.get(name), state.get(other));
      drawing.append(svg("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: kind }));
    }
  }
  for (const server of servers) {
    const { x, y } = places.get(server.name);
    drawing.append(svg("circle", { cx: x, cy: y, r: 8, class: server.state }));
    if (servers.length > 24) continue;
    const label = svg("text", { x, y: y < HEIGHT / 2 ? y - 14 : y + 22 });
    label.textContent = server.name.length > 14 ? `${server.name.slice(0, 13)}…` : server.name;
    drawing.append(label);
  }
  box.replaceChildren(drawing);
}

/** A server knows how its own links are, and of others only that they are there. */
function link(...ends) {
  if (!ends.includes("self")) return "unknown";
  return ends.find((state) => state !== "self");
}

/** From one to another that it is linked with, as long as there is one, so that few links cross. */
function ring(servers) {
  const left = new Map(servers.map((server) => [server.name, server]));
  const order = [];
  while (left.size > 0) {
    const next = order.at(-1)?.links.find((name) => left.has(name)) ?? left.keys().next().value;
    order.push(left.get(next));
    left.delete(next);
  }
  return order;
}

function around(at, all) {
  const angle = 2 * Math.PI * at / all - Math.PI / 2;
  return { x: WIDTH / 2 + Math.cos(angle) * 104, y: HEIGHT / 2 + Math.sin(angle) * 58 };
}
