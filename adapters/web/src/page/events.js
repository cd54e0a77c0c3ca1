// From the bytes of an event stream to events (HTML Standard, 9.2.6). Used by the worker.

/** The longest event. What is longer comes from no herd. */
const LONGEST = 1 << 20;

/** Cuts text, as it comes, into events `{ id, name, data }`. */
export class Events {
  #rest = "";

  /** The events that are whole with this. */
  take(text) {
    const lines = (this.#rest + text).split("\n\n");
    this.#rest = lines.pop();
    if (this.#rest.length > LONGEST) throw new Error("an event is too long");
    return lines.map(parse).filter((event) => event.data !== null);
  }
}

function parse(block) {
  const event = { id: null, name: "message", data: null };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    // Nothing before the colon is a comment, by which the server says that it is there.
    if (colon <= 0) continue;
    const value = line.startsWith(" ", colon + 1) ? line.slice(colon + 2) : line.slice(colon + 1);
    switch (line.slice(0, colon)) {
      case "id": event.id = value; break;
      case "event": event.name = value; break;
      case "data": event.data = event.data === null ? value : `${event.data}\n${value}`; break;
    }
  }
  return event;
}
