// The clients that the page knows, in columns, so that a frame can go through tens of thousands of them.

/** How many clients are kept; the page says so where there are more. */
export const MOST = 200_000;
/** How many points a trail has. */
const TRAIL = 24;
/** How many clients have trails. */
const MOST_TRAILS = 50_000;
/** Seconds between two points of a new trail; twice as many each time that it is full. */
const TRAIL_STEP = 1;

/** The world's square, 0 to 1, in which Web Mercator draws a position. */
export function project(lat, lng) {
  const sin = Math.sin(Math.max(-85.05, Math.min(85.05, lat)) * Math.PI / 180);
  return [lng / 360 + 0.5, 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)];
}

export class Clients {
  /** Rows that were used, those of clients that are gone included. */
  rows = 0;
  /** How many clients there are. */
  size = 0;
  /** Changes taken since the page was opened. */
  changes = 0;
  /** Another number whenever anything has changed. */
  version = 0;
  /** Clients that were not kept, since there are too many. */
  leftOut = 0;
  id = [];
  origin = [];
  skew = [];
  trail = [];
  #index = new Map();
  #free = [];
  #generation = 1;
  #trails = 0;

  constructor() {
    this.#room(1024);
  }

  #room(capacity) {
    for (const [column, type] of [["x", Float64Array], ["y", Float64Array], ["lat", Float64Array], ["lng", Float64Array],
      ["time", Float64Array], ["seen", Uint32Array]]) {
      const wider = new type(capacity);
      if (this[column]) wider.set(this[column]);
      this[column] = wider;
    }
    this.capacity = capacity;
  }

  /** The row of a client, or `undefined`. */
  find(id) {
    return this.#index.get(id);
  }

  /** Whether a row is a client's. */
  is(row) {
    return this.seen[row] !== 0;
  }

  /** Takes changes as a stream tells them. */
  take(changes) {
    this.changes += changes.length;
    this.version += 1;
    for (const change of changes) {
      if (change.kind === "seen") this.#see(change);
      else this.#remove(this.#index.get(change.id));
    }
  }

  #see({ id, lat, lng, time, origin, skew }) {
    let row = this.#index.get(id);
    const [x, y] = project(lat, lng);
    if (row === undefined) {
      row = this.#add(id);
      if (row === undefined) return;
    } else if (this.x[row] !== x || this.y[row] !== y) {
      this.#extend(row, x, y, time);
    }
    this.x[row] = x;
    this.y[row] = y;
    this.lat[row] = lat;
    this.lng[row] = lng;
    this.time[row] = time;
    this.origin[row] = origin;
    this.skew[row] = skew;
    this.seen[row] = this.#generation;
  }

  #add(id) {
    if (this.size >= MOST) {
      this.leftOut += 1;
      return undefined;
    }
    const row = this.#free.pop() ?? this.rows++;
    if (row >= this.capacity) this.#room(this.capacity * 2);
    this.#index.set(id, row);
    this.id[row] = id;
    this.trail[row] = null;
    this.size += 1;
    return row;
  }

  #remove(row) {
    if (row === undefined) return;
    if (this.trail[row]) this.#trails -= 1;
    this.#index.delete(this.id[row]);
    this.id[row] = this.trail[row] = null;
    this.seen[row] = 0;
    this.size -= 1;
    this.#free.push(row);
  }

  /** Adds to a trail where the client came from. A full one is thinned: it keeps every second point. */
  #extend(row, x, y, time) {
    let trail = this.trail[row];
    if (!trail) {
      if (this.#trails >= MOST_TRAILS) return;
      this.#trails += 1;
      trail = this.trail[row] = { length: 0, step: TRAIL_STEP, last: -Infinity, points: new Float64Array(2 * TRAIL) };
    }
    if (time - trail.last < trail.step) return;
    if (trail.length === TRAIL) {
      trail.length = TRAIL / 2;
      trail.step *= 2;
      for (let at = 0; at < trail.length; at += 1) {
        trail.points[2 * at] = trail.points[4 * at];
        trail.points[2 * at + 1] = trail.points[4 * at + 1];
      }
    }
    trail.points[2 * trail.length] = this.x[row];
    trail.points[2 * trail.length + 1] = this.y[row];
    trail.length += 1;
    trail.last = time;
  }

  /** All is told anew; what was known stays until then, so that the map does not go blank. */
  again() {
    this.#generation += 1;
    this.leftOut = 0;
  }

  /** All has been told: what was not told again is gone. */
  settle() {
    this.version += 1;
    for (let row = 0; row < this.rows; row += 1) {
      if (this.seen[row] !== 0 && this.seen[row] !== this.#generation) this.#remove(row);
    }
  }

  /** At most `most` clients whose IDs hold `text`: the one of that ID first, then those that begin with it. */
  search(text, most) {
    const exact = this.#index.get(text);
    const starts = [];
    const holds = [];
    for (let row = 0; row < this.rows && starts.length < most; row += 1) {
      if (this.seen[row] === 0 || row === exact) continue;
      const at = this.id[row].indexOf(text);
      if (at === 0) starts.push(row);
      else if (at > 0 && holds.length < most) holds.push(row);
    }
    const byId = (one, other) => this.id[one] < this.id[other] ? -1 : 1;
    const first = exact === undefined ? [] : [exact];
    return [...first, ...starts.sort(byId), ...holds.sort(byId)].slice(0, most);
  }
}
