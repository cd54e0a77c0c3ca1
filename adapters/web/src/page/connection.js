// How the connection is, in words, with a button for those who do not want to wait.

import { byId } from "./dom.js";

export class Connection {
  #box;
  #text;
  #retry;
  #timer = 0;
  #words;

  /** `words` may say something else than is usual of a state. */
  constructor(id, words = {}) {
    const part = id.replace("connection", "");
    this.#box = byId(id);
    this.#text = byId(`${id === "connection" ? "connection-" : part}text`);
    this.#retry = byId(`${part}retry`);
    this.#words = words;
  }

  onRetry(start) {
    this.#retry.addEventListener("click", start);
  }

  live() {
    this.#set("live", "Live");
  }

  /** Takes what a stream says of its state. */
  say({ state, why, wait, status }) {
    if (state === "connecting") this.#set(state, "Connecting");
    if (state === "loading") this.#set(state, "Loading");
    if (state === "refused") this.#set(state, status === 401 ? "A token is needed." : why, true);
    if (state === "lost") this.#countdown(why, Date.now() + wait);
    if (state === "loading" && this.#words.loading) {
      this.#timer = setInterval(() => { this.#text.textContent = this.#words.loading(); }, 500);
    }
  }

  /** It is over, and nobody tries again. */
  end(text) {
    this.#set("refused", text);
  }

  /** A screen reader is told once, not with each second. */
  #countdown(why, until) {
    this.#set("lost", `${why} Trying again.`, true);
    const left = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));
    this.#box.title = "";
    this.#timer = setInterval(() => { this.#retry.textContent = `Try now (${left()} s)`; }, 500);
  }

  #set(state, text, canRetry = false) {
    clearInterval(this.#timer);
    this.#box.dataset.state = state;
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#retry.hidden = !canRetry;
    this.#retry.textContent = "Try now";
  }
}
