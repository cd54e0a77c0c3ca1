// Dots in cells: one a cell, the newest. They are copied pixel by pixel from a small picture for each colour: tens of
// thousands a frame take a few milliseconds so, and many times that by the canvas's own ways without a GPU.

import { COLOURS } from "./ages.js";
import { colour, onTheme } from "./theme.js";

/** Up to so many clients on screen have dots of that radius, in pixels. */
const SIZES = [{ upTo: 150, radius: 5 }, { upTo: 1500, radius: 3.5 }, { upTo: 12_000, radius: 2.5 },
  { upTo: Infinity, radius: 2 }];
/** Old ones first, so that new ones stand above them. */
const OLD_FIRST = Array.from({ length: COLOURS }, (_, at) => COLOURS - 1 - at);

export class Dots {
  length = 0;
  rows = new Int32Array(1024);
  xs = new Float32Array(1024);
  ys = new Float32Array(1024);
  #ages = new Uint8Array(1024);
  #cells = new Int32Array(0);
  #columns = 0;
  #cell = 4;
  #radius = 3;
  #pictures = new Map();
  #image = null;
  #pixels = null;

  constructor() {
    onTheme(() => this.#pictures.clear());
  }

  /** Forgets all, for a window of that size which had so many clients. */
  begin(size, count) {
    this.#radius = SIZES.find(({ upTo }) => count <= upTo).radius;
    this.#cell = this.#radius * 1.5;
    this.#columns = Math.ceil(size.x / this.#cell) + 8;
    const cells = this.#columns * (Math.ceil(size.y / this.#cell) + 8);
    if (this.#cells.length < cells) this.#cells = new Int32Array(cells);
    this.#cells.fill(-1);
    this.length = 0;
    return this;
  }

  #at(x, y) {
    return (Math.floor(y / this.#cell) + 4) * this.#columns + Math.floor(x / this.#cell) + 4;
  }

  /** A client at that point of the window. */
  put(row, x, y, time) {
    const cell = this.#at(x, y);
    let at = this.#cells[cell];
    if (at === undefined) return;
    if (at === -1) {
      at = this.#cells[cell] = this.length++;
      if (at >= this.rows.length) this.#room();
    } else if (time[row] <= time[this.rows[at]]) {
      return;
    }
    this.rows[at] = row;
    this.xs[at] = x;
    this.ys[at] = y;
  }

  #room() {
    for (const column of ["rows", "xs", "ys"]) {
      const wider = new this[column].constructor(2 * this[column].length);
      wider.set(this[column]);
      this[column] = wider;
    }
    this.#ages = new Uint8Array(this.rows.length);
  }

  /** Gives each its colour. */
  colour(of) {
    for (let at = 0; at < this.length; at += 1) this.#ages[at] = of(this.rows[at]);
  }

  /** Those of one colour. */
  *of(age) {
    for (let at = 0; at < this.length; at += 1) if (this.#ages[at] === age) yield at;
  }

  /** Draws all of them into a canvas that has nothing else yet. */
  draw({ context, canvas, ratio }) {
    if (this.#image?.width !== canvas.width || this.#image.height !== canvas.height) {
      this.#image = new ImageData(canvas.width, canvas.height);
      this.#pixels = new Uint32Array(this.#image.data.buffer);
    }
    this.#pixels.fill(0);
    for (const age of OLD_FIRST) {
      const picture = this.#picture(age, ratio);
      const half = picture.width / 2;
      for (let at = 0; at < this.length; at += 1) {
        if (this.#ages[at] === age) {
          this.#copy(picture, Math.round(this.xs[at] * ratio - half), Math.round(this.ys[at] * ratio - half));
        }
      }
    }
    context.putImageData(this.#image, 0, 0);
  }

  #copy({ width, pixels }, left, top) {
    const image = this.#image;
    const target = this.#pixels;
    const [right, bottom] = [Math.min(width, image.width - left), Math.min(width, image.height - top)];
    for (let y = Math.max(0, -top); y < bottom; y += 1) {
      const line = (top + y) * image.width + left;
      for (let x = Math.max(0, -left); x < right; x += 1) {
        const over = pixels[y * width + x];
        const under = target[line + x];
        target[line + x] = under === 0 || over >>> 24 === 255 ? over || under : blend(over, under);
      }
    }
  }

  #picture(age, ratio) {
    const key = `${age} ${this.#radius} ${ratio}`;
    if (!this.#pictures.has(key)) this.#pictures.set(key, picture(colour(`age-${age}`), this.#radius, ratio));
    return this.#pictures.get(key);
  }

  /** The row that is nearest to a point, within so many pixels; `undefined` if none is. */
  nearest(x, y, reach) {
    let [best, found] = [reach * reach, undefined];
    for (let at = 0; at < this.length; at += 1) {
      const distance = (this.xs[at] - x) ** 2 + (this.ys[at] - y) ** 2;
      if (distance < best) [best, found] = [distance, this.rows[at]];
    }
    return found;
  }
}

/** One pixel over another, each alpha, blue, green, red from the highest byte down. */
function blend(over, under) {
  const part = (over >>> 24) / 255;
  if (part === 0) return under;
  const mix = (shift) => {
    const below = under >>> shift & 255;
    return Math.round(below + ((over >>> shift & 255) - below) * part) << shift;
  };
  const alpha = Math.max(over >>> 24, under >>> 24);
  return (alpha << 24 | mix(16) | mix(8) | mix(0)) >>> 0;
}

/** A dot's pixels, with a thin edge in the colour of the sea where it is large enough, so that neighbours stay apart. */
function picture(fill, radius, ratio) {
  const edge = radius > 3 ? 1 : 0;
  const width = 2 * Math.ceil((radius + edge) * ratio + 1);
  const context = Object.assign(document.createElement("canvas"), { width, height: width }).getContext("2d");
  const circle = (size, style) => {
    context.beginPath();
    context.arc(width / 2, width / 2, size * ratio, 0, 2 * Math.PI);
    context.fillStyle = style;
    context.fill();
  };
  if (edge) circle(radius + edge, colour("halo"));
  circle(radius, fill);
  return { width, pixels: new Uint32Array(context.getImageData(0, 0, width, width).data.buffer) };
}
