// Reads one event stream, so that the page has nothing to do but to draw. What has come is handed over when the page has
// taken what was handed over before; until then only the newest of each client is kept, so the queue has a bound.

import { Events } from "./events.js";
import { Pauses } from "./pauses.js";
import { problem } from "./problem.js";

/** Servers say something every 15 s. */
const SILENCE = 45_000;
/** How much is handed over at once. */
const BATCH = 4096;
/** Of crossings each counts; the page keeps fewer. */
const MOST_CROSSINGS = 1000;

let url = "";
let headers = {};
let lastId = null;
let attempt = null;
let timer = 0;
const pauses = new Pauses();

/** Changes by client, and what has to come between them. */
let waiting = new Map();
let steps = [];
let crossings = [];
let isTaken = true;

onmessage = ({ data }) => {
  if (data.taken) {
    isTaken = true;
    hand();
  } else {
    ({ url, headers } = data);
    start();
  }
};

function start() {
  attempt?.abort();
  clearTimeout(timer);
  read(attempt = new AbortController());
}

async function read(own) {
  postMessage({ state: "connecting" });
  let quiet = 0;
  const heard = () => {
    clearTimeout(quiet);
    quiet = setTimeout(() => own.abort(), SILENCE);
  };
  try {
    heard();
    const again = lastId === null ? {} : { "Last-Event-ID": lastId };
    const reply = await fetch(url, { headers: { Accept: "text/event-stream", ...headers, ...again }, signal: own.signal,
      cache: "no-store" });
    if (!reply.ok) {
      const { message } = await problem(reply);
      // What a server refuses once, it refuses again, until somebody changes something.
      if (reply.status >= 400 && reply.status < 500 && reply.status !== 429) {
        postMessage({ state: "refused", status: reply.status, why: message });
        return;
      }
      throw new Error(message);
    }
    postMessage({ state: "loading", date: reply.headers.get("Date") });
    step({ control: "again" });
    await take(reply.body, heard);
    throw new Error("The server has closed the connection.");
  } catch (error) {
    if (own === attempt) pause(error);
  } finally {
    clearTimeout(quiet);
  }
}

function pause(error) {
  const wait = pauses.next();
  const why = error instanceof TypeError || error.name === "AbortError" ? "No answer from the server." : error.message;
  postMessage({ state: "lost", wait, why });
  timer = setTimeout(start, wait);
}

async function take(body, heard) {
  const events = new Events();
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    for (const event of events.take(value)) handle(event);
    hand();
  }
}

function handle({ id, name, data }) {
  lastId = id ?? lastId;
  if (name === "again" || name === "watching") {
    if (name === "watching") pauses.reset();
    step({ control: name });
    return;
  }
  const change = featureOf(name, JSON.parse(data));
  if (name === "enter" || name === "leave") {
    crossings.push(change);
    if (crossings.length > MOST_CROSSINGS) crossings.shift();
  } else {
    waiting.set(change.id, change);
  }
}

function featureOf(kind, { id, geometry, properties }) {
  const [lng, lat] = geometry?.coordinates ?? [0, 0];
  return { kind, id: String(id), lng, lat, time: Number(properties.time), origin: properties.origin, skew: properties.skew,
    until: properties.until };
}

/** What has waited comes before it. */
function step(control) {
  // Whatever was told before `again` is void.
  if (control.control === "again") [steps, waiting] = [[], new Map()];
  steps.push(...batches(), control);
}

function batches() {
  const changes = [...waiting.values()];
  waiting = new Map();
  const cut = [];
  for (let at = 0; at < changes.length; at += BATCH) cut.push({ changes: changes.slice(at, at + BATCH) });
  return cut;
}

function hand() {
  if (!isTaken) return;
  if (steps.length === 0 && waiting.size > 0) steps.push(...batches());
  const next = steps.shift() ?? (crossings.length ? {} : null);
  if (!next) return;
  isTaken = false;
  postMessage({ ...next, crossings });
  crossings = [];
}
