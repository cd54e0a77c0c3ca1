// The herd's servers and links, as the server of this page sees them, asked for again and again.

import { get } from "./api.js";
import { byId, button, element, say } from "./dom.js";
import { count, span } from "./format.js";
import { drawGraph } from "./graph.js";
import { askForToken } from "./token.js";

/** Milliseconds between two looks. */
const LOOK = 3000;

export function servers() {
  const look = async () => {
    if (!document.hidden) await show();
    setTimeout(look, LOOK);
  };
  look();
}

async function askAndShow() {
  if (await askForToken()) await show();
}

async function show() {
  try {
    const { servers: all } = await get("/v1/servers");
    say(byId("servers-said"), "");
    const down = all.filter(({ state }) => state === "down").length;
    say(byId("down"), down ? `${down} down` : "");
    drawGraph(byId("graph"), all);
    update(byId("servers"), all);
  } catch (problem) {
    say(byId("servers-said"), problem.message);
    if (problem.status === 401) byId("servers-said").append(" ", button("Give a token", askAndShow));
  }
}

/** Keeps the list as it is, and changes what is said. */
function update(list, all) {
  if (list.children.length !== all.length) {
    list.replaceChildren(...all.map(() => element("li", "",
      element("div", "", dot(), element("strong"), element("span", "state")), element("p"), element("p"))));
  }
  all.forEach((server, at) => {
    const item = list.children[at];
    item.dataset.state = server.state;
    item.dataset.name = server.name;
    set(item.querySelector("strong"), server.name);
    set(item.querySelector(".state"), state(server));
    const [where, more] = item.querySelectorAll("p");
    set(where, `${server.address} · linked with ${server.links.join(", ") || "no other"}`);
    set(more, moved(server));
    more.hidden = !more.textContent;
  });
}

function dot() {
  const made = element("span", "dot");
  made.setAttribute("aria-hidden", "true");
  return made;
}

function set(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

function state({ state: known, neighbour }) {
  const { state: said = known, since } = neighbour ?? {};
  const words = { self: "this server", up: "up", down: "down", rest: "at rest", connecting: "connecting" };
  const word = words[said] ?? "not a neighbour of this server";
  if (said === "up" && !neighbour) return "up, in the same process";
  const lasts = (said === "up" || said === "down") && typeof since === "number";
  return lasts ? `${word} for ${span(since)}` : word;
}

/** What repair moved, and why it is down. */
function moved({ state: known, neighbour }) {
  if (!neighbour) return "";
  const { why, sent, received } = neighbour;
  if (known === "down") return why ?? "";
  return `Repair: ${count(sent)} sent, ${count(received)} received`;
}
