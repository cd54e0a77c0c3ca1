// The herd's servers and links, and other regions, as the server of this page sees them, asked for again and again.

import { get } from "./api.js";
import { byId, button, element, say } from "./dom.js";
import { age, count, span } from "./format.js";
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
    const { servers: all, region, regions = [] } = await get("/v1/servers");
    say(byId("servers-said"), "");
    const down = all.filter(({ state }) => state === "down").length;
    const silent = regions.filter((other) => other.state === "silent").length;
    say(byId("down"), [down && `${down} down`, silent && `${silent} silent`].filter(Boolean).join(", "));
    drawGraph(byId("graph"), all);
    update(byId("servers"), all.map(ofServer));
    byId("regions-title").hidden = !region;
    update(byId("regions"), region ? [ofOwn(region), ...regions.map(ofOther)] : []);
  } catch (problem) {
    say(byId("servers-said"), problem.message);
    if (problem.status === 401) byId("servers-said").append(" ", button("Give a token", askAndShow));
  }
}

const ofServer = (server) => ({
  name: server.name,
  state: server.state,
  word: state(server),
  said: [`${server.address} · linked with ${server.links.join(", ") || "no other"}`, moved(server)],
});

/** The region of this server. */
function ofOwn({ name, nats, since, bridge, lag }) {
  const joined = nats === null ? `Not connected to NATS for ${span(since)}` : `Connected to NATS server ${nats} for ${span(since)}`;
  const reads = lag ? `; ${lag === 1 ? "1 arrival" : `${count(lag)} arrivals`} to read` : "";
  const bridging = bridge === null ? "" : `This server is the bridge${reads}`;
  return { name, state: nats === null ? "down" : "self", word: "this region", said: [joined, bridging] };
}

function ofOther({ name, state: known, heard }) {
  const words = { up: `heard ${age(heard)}`, silent: heard === null ? "silent" : `silent for ${span(heard)}` };
  return { name, state: known === "silent" ? "down" : "up", word: words[known], said: ["", ""] };
}

/** Keeps the list as it is, and changes what is said. */
function update(list, all) {
  if (list.children.length !== all.length) {
    list.replaceChildren(...all.map(() => element("li", "",
      element("div", "", dot(), element("strong"), element("span", "state")), element("p"), element("p"))));
  }
  all.forEach(({ name, state, word, said }, at) => {
    const item = list.children[at];
    item.dataset.state = state;
    item.dataset.name = name;
    set(item.querySelector("strong"), name);
    set(item.querySelector(".state"), word);
    item.querySelectorAll("p").forEach((where, at) => say(where, said[at]));
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
