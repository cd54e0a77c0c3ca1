// How long to wait before another attempt: twice as long each time, up to half a minute, and never all at once.

const FIRST = 1000;
const LONGEST = 30_000;

export class Pauses {
  #next = FIRST;

  /** It went well: the next pause is short again. */
  reset() {
    this.#next = FIRST;
  }

  /** Milliseconds. */
  next() {
    const pause = this.#next * (0.75 + Math.random() / 2);
    this.#next = Math.min(this.#next * 2, LONGEST);
    return pause;
  }
}
