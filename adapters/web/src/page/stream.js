// One event stream: its worker, which connects again by itself, and what the page is told of it.

import { setClock } from "./clock.js";
import { askForToken, credentials } from "./token.js";

export class Stream {
  #worker = new Worker("/assets/stream-worker.js", { type: "module" });
  #url;
  #told;
  #frame = 0;

  /**
   * `told` has `changes(list)`, `crossings(list)`, `again()`, `watching()` and `state({ state, why, wait, status })`.
   */
  constructor(url, told) {
    this.#url = url;
    this.#told = told;
    this.#worker.onmessage = ({ data }) => data.state ? this.#state(data) : this.#take(data);
    this.start();
  }

  /** Connects, at once. */
  start() {
    this.#worker.postMessage({ url: this.#url, headers: credentials() });
  }

  end() {
    cancelAnimationFrame(this.#frame);
    this.#worker.terminate();
  }

  async #state(data) {
    if (data.date) setClock(data.date);
    this.#told.state(data);
    if (data.status === 401 && await askForToken()) this.start();
  }

  #take({ changes, control, crossings }) {
    if (changes) this.#told.changes?.(changes);
    if (crossings.length) this.#told.crossings?.(crossings);
    if (control === "again") this.#told.again?.();
    if (control === "watching") this.#told.watching?.();
    this.#next();
  }

  /** The next part is taken with the next frame; a page that nobody sees has none, and takes it at leisure. */
  #next() {
    const taken = () => this.#worker.postMessage({ taken: true });
    if (document.hidden) setTimeout(taken, 200);
    else this.#frame = requestAnimationFrame(taken);
  }
}
