// Requests to the server. A failure is a `Problem` whose message says what to do.

import { setClock } from "./clock.js";
import { Problem, problem } from "./problem.js";
import { askForToken, credentials } from "./token.js";

/** The path of what a server knows of a client. The id is as the server gave it. */
export const clientPath = (id, rest = "") => `/v1/clients/${encodeId(id)}${rest}`;

/** An id of the API's, in which only what is not UTF-8, and `%`, is percent-encoded, as a part of a path. */
function encodeId(id) {
  return id.split(/(%[0-9A-Fa-f]{2})/).map((part, at) => at % 2 ? part : encodeURIComponent(part)).join("");
}

/** The JSON that is at a path. It is asked for without anybody having pressed anything, so nobody is asked for a token. */
export const get = (path) => ask(path, {});

/** The JSON that answers a body; a token is asked for where that takes one. */
export const post = (path, body) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

async function ask(path, options) {
  const reply = await send(path, options);
  if (reply.status === 401 && options.body && await askForToken()) return ask(path, options);
  setClock(reply.headers.get("Date"));
  if (!reply.ok) throw await problem(reply);
  return reply.json();
}

async function send(path, options) {
  try {
    return await fetch(path, { ...options, headers: { Accept: "application/json", ...options.headers, ...credentials() } });
  } catch {
    throw new Problem(0, "The server cannot be reached.");
  }
}
