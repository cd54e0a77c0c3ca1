// Ages have five colours (--age-0 to --age-4), from just now to long ago.

import { now } from "./clock.js";
import { element } from "./dom.js";

const STEPS = [{ below: 10, text: "now" }, { below: 60, text: "1 min" }, { below: 300, text: "5 min" },
  { below: 3600, text: "1 h" }, { below: Infinity, text: "older" }];

export const COLOURS = STEPS.length;

/** Where an age's colour is. */
export function step(seconds) {
  let at = 0;
  while (seconds >= STEPS[at].below) at += 1;
  return at;
}

/** Seconds since a client's report. */
export const ageOf = (clients, row) => now() - clients.time[row];

export function legend(list) {
  list.replaceChildren(...STEPS.map(({ text }, at) => {
    const dot = element("i", `age-${at}`);
    dot.setAttribute("aria-hidden", "true");
    return element("li", "", dot, text);
  }));
}
