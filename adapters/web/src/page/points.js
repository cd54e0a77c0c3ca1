// Draws the clients: dots by age, trails, names where there is room. Where they crowd, one dot stands for all that would
// be under it, the newest; so a frame costs what the window has room for, and not what the herd has.

import { COLOURS, step } from "./ages.js";
import { CanvasLayer } from "./canvas-layer.js";
import { now } from "./clock.js";
import { Dots } from "./dots.js";
import { colour } from "./theme.js";

/** Up to so many clients on screen have a trail, and a name. */
const MOST_TRAILS = 1500;
const MOST_NAMES = 60;
/** Up to so many are named to those who do not see the map. */
const MOST_LISTED = 100;
/** How far from a dot's middle one may point, in pixels. */
const REACH = 14;

export const Points = CanvasLayer.extend({
  initialize(clients, options) {
    CanvasLayer.prototype.initialize.call(this, options);
    this.clients = clients;
    this.dots = new Dots();
    this.selected = null;
    this.places = [];
    this.shown = { count: 0, rows: [] };
    this.isStale = true;
  },

  getEvents() {
    const stale = () => { this.isStale = true; };
    return { ...CanvasLayer.prototype.getEvents.call(this), move: stale, moveend: stale, resize: stale };
  },

  /** Draws what is there now. Not while a zoom is animated: the canvas is stretched then. */
  draw() {
    this.isStale = false;
    if (this._map._animatingZoom) return;
    this.place();
    this.sort();
    this.dots.draw(this);
    if (this.shown.count <= MOST_TRAILS) this.trails();
    if (this.shown.count <= MOST_NAMES && this._map.getZoom() >= 5) this.names();
    this.selection();
  },

  /** Finds who is on screen, and puts the newest of each cell into it. */
  sort() {
    const { clients, scale, origin, size } = this;
    const visible = this.dots.begin(size, this.shown.count);
    const rows = [];
    let count = 0;
    const far = 8;
    for (let row = 0; row < clients.rows; row += 1) {
      if (clients.seen[row] === 0) continue;
      const y = clients.y[row] * scale - origin.y;
      if (y < -far || y > size.y + far) continue;
      let x = clients.x[row] * scale - origin.x;
      x -= Math.floor((x + far) / scale) * scale;
      if (x > size.x + far) continue;
      count += 1;
      if (rows.length < MOST_LISTED) rows.push(row);
      for (; x <= size.x + far; x += scale) visible.put(row, x, y, clients.time);
    }
    this.shown = { count, rows };
    const time = now();
    visible.colour((row) => step(time - clients.time[row]));
  },

  /** Behind the dots. */
  trails() {
    const { context, clients, dots } = this;
    context.globalCompositeOperation = "destination-over";
    context.lineWidth = 1.4;
    context.lineCap = context.lineJoin = "round";
    for (let age = COLOURS - 1; age >= 0; age -= 1) {
      context.beginPath();
      for (const cell of dots.of(age)) {
        if (clients.trail[dots.rows[cell]]) this.trail(dots.rows[cell], dots.xs[cell], dots.ys[cell]);
      }
      context.strokeStyle = colour(`age-${age}`);
      context.globalAlpha = 0.45;
      context.stroke();
    }
    context.globalAlpha = 1;
    context.globalCompositeOperation = "source-over";
  },

  /** From where it is now back to where it was first. */
  trail(row, x, y) {
    const { context, clients, scale } = this;
    const { points, length } = clients.trail[row];
    context.moveTo(x, y);
    let [lastX, lastY] = [clients.x[row], clients.y[row]];
    for (let at = length - 1; at >= 0; at -= 1) {
      const [nextX, nextY] = [points[2 * at], points[2 * at + 1]];
      // Across the antimeridian the shorter way is out of this copy of the world.
      if (Math.abs(nextX - lastX) > 0.5) return;
      x += (nextX - lastX) * scale;
      y += (nextY - lastY) * scale;
      context.lineTo(x, y);
      [lastX, lastY] = [nextX, nextY];
    }
  },

  names() {
    const { context, clients, dots } = this;
    context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.lineWidth = 3;
    context.strokeStyle = colour("halo");
    context.fillStyle = colour("ink");
    const taken = [];
    for (let cell = 0; cell < dots.length; cell += 1) {
      const [x, y] = [dots.xs[cell] + 9, dots.ys[cell]];
      const id = clients.id[dots.rows[cell]];
      const name = id.length > 32 ? `${id.slice(0, 31)}…` : id;
      const right = x + context.measureText(name).width;
      if (taken.some((other) => Math.abs(other.y - y) < 15 && x < other.right && other.x < right)) continue;
      taken.push({ x, y, right });
      context.strokeText(name, x, y);
      context.fillText(name, x, y);
    }
  },

  /** Where a client is on screen; `null` if it is not. */
  whereIs(row) {
    const { clients, scale, origin, size } = this;
    const y = clients.y[row] * scale - origin.y;
    let x = clients.x[row] * scale - origin.x;
    x -= Math.floor(x / scale) * scale;
    return x <= size.x && y >= 0 && y <= size.y ? { x, y } : null;
  },

  /** A ring around the one that is selected, its trail, and the places near it. */
  selection() {
    const { context, clients } = this;
    const row = this.selected === null ? undefined : clients.find(this.selected);
    if (row === undefined) return;
    const at = this.whereIs(row);
    if (!at) return;
    this.placesNear();
    context.strokeStyle = context.fillStyle = colour("ink");
    context.lineWidth = 2;
    if (clients.trail[row]) {
      context.beginPath();
      this.trail(row, at.x, at.y);
      context.stroke();
    }
    context.beginPath();
    context.arc(at.x, at.y, 10, 0, 2 * Math.PI);
    context.stroke();
  },

  placesNear() {
    const { context, scale, origin } = this;
    context.fillStyle = colour("label");
    for (const place of this.places) {
      let x = place.x * scale - origin.x;
      x -= Math.floor(x / scale) * scale;
      const y = place.y * scale - origin.y;
      context.fillRect(x - 2.5, y - 2.5, 5, 5);
    }
  },

  /** The client that is nearest to a point of the window, within reach. */
  nearest({ x, y }) {
    return this.dots.nearest(x, y, REACH);
  },
});
