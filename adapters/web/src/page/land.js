// Draws the world under everything else. Drawn when the map comes to rest, with a margin into which it can be moved.

import { CanvasLayer } from "./canvas-layer.js";
import { colour } from "./theme.js";

/** Points that are nearer than this many pixels to the last one are left out. */
const COARSE = 0.7;

export const Land = CanvasLayer.extend({
  getEvents() {
    return { ...CanvasLayer.prototype.getEvents.call(this), moveend: this.draw, resize: this.draw };
  },

  /** Takes the world once it is there. */
  show(world) {
    this.world = world;
    this.draw();
  },

  draw() {
    if (!this._map) return;
    this.place();
    this.grid();
    if (!this.world) return;
    const context = this.context;
    context.lineJoin = "round";
    this.trace(this.world.land);
    context.fillStyle = colour("land");
    context.fill("evenodd");
    context.strokeStyle = colour("coast");
    context.lineWidth = 0.8;
    context.stroke();
    this.trace(this.world.borders);
    context.strokeStyle = colour("border");
    context.lineWidth = 0.8;
    context.stroke();
    this.names();
  },

  /** Makes a path of all lines that are near what is shown, in each copy of the world. */
  trace(lines) {
    const { context, scale, origin, size } = this;
    context.beginPath();
    // A line that crosses the antimeridian is in two copies.
    const first = Math.floor(origin.x / scale) - 1;
    const last = Math.floor((origin.x + size.x) / scale) + 1;
    for (let copy = first; copy <= last; copy += 1) {
      const left = origin.x - copy * scale;
      for (const line of lines) {
        if (line.east * scale < left || line.west * scale > left + size.x) continue;
        if (line.south * scale < origin.y || line.north * scale > origin.y + size.y) continue;
        this.one(line.xy, left);
      }
    }
  },

  one(xy, left) {
    const { context, scale, origin } = this;
    let [lastX, lastY] = [Infinity, Infinity];
    for (let at = 0; at < xy.length; at += 2) {
      const x = xy[at] * scale - left;
      const y = xy[at + 1] * scale - origin.y;
      if (at === 0) context.moveTo(x, y);
      else if (at + 2 < xy.length && Math.abs(x - lastX) < COARSE && Math.abs(y - lastY) < COARSE) continue;
      else context.lineTo(x, y);
      [lastX, lastY] = [x, y];
    }
  },

  /** Lines of equal latitude and longitude, so that also an empty map says where it is. */
  grid() {
    const { context, scale, origin, size } = this;
    const step = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]
      .findLast((degrees) => degrees / 360 * scale >= 90) ?? 30;
    context.beginPath();
    const first = Math.floor((origin.x / scale - 0.5) * 360 / step);
    const last = Math.ceil(((origin.x + size.x) / scale - 0.5) * 360 / step);
    for (let at = first; at <= last; at += 1) {
      const x = Math.round((at * step / 360 + 0.5) * scale - origin.x) + 0.5;
      context.moveTo(x, 0);
      context.lineTo(x, size.y);
    }
    const { lat: north } = this._map.unproject(origin, this.zoom);
    const { lat: south } = this._map.unproject(origin.add([0, size.y]), this.zoom);
    for (let at = Math.floor(south / step); at * step <= north; at += 1) {
      const y = Math.round(this._map.project([at * step, 0], this.zoom).y - origin.y) + 0.5;
      context.moveTo(0, y);
      context.lineTo(size.x, y);
    }
    context.strokeStyle = colour("grid");
    context.lineWidth = 1;
    context.stroke();
  },

  /** Names of the countries that have room for theirs. */
  names() {
    const { context, scale, origin, size } = this;
    context.font = `500 11px ${getComputedStyle(document.body).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colour("label");
    context.strokeStyle = colour("land");
    context.lineWidth = 3;
    for (const { name, x, y, size: extent } of this.world.names) {
      if (extent * scale < 55 || this.zoom > 8) continue;
      const top = y * scale - origin.y;
      let left = x * scale - origin.x;
      left -= Math.floor(left / scale) * scale;
      for (; left < size.x; left += scale) {
        if (context.measureText(name).width > extent * scale) continue;
        context.strokeText(name, left, top);
        context.fillText(name, left, top);
      }
    }
  },
});
