// A canvas over the map that is as large as the window, follows a zoom that is animated, and is drawn by whoever extends it.

const { L } = window;

export const CanvasLayer = L.Layer.extend({
  initialize(options) {
    L.setOptions(this, options);
  },

  onAdd() {
    this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated");
    this.canvas.setAttribute("aria-hidden", "true");
    this.context = this.canvas.getContext("2d", { willReadFrequently: this.options.pixels });
    this.getPane().append(this.canvas);
    this.place();
  },

  onRemove() {
    this.canvas.remove();
  },

  getEvents() {
    return { zoomanim: this.onZoomAnimation, zoom: this.onZoom };
  },

  /** Puts the canvas over what the window shows now, with `margin` times its size around, and empties it. */
  place() {
    const map = this._map;
    const size = map.getSize();
    const margin = size.multiplyBy(this.options.margin || 0).round();
    this.size = size.add(margin.multiplyBy(2));
    this.ratio = Math.min(window.devicePixelRatio || 1, this.options.finest || 2);
    const [width, height] = [Math.round(this.size.x * this.ratio), Math.round(this.size.y * this.ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.canvas.style.width = `${this.size.x}px`;
      this.canvas.style.height = `${this.size.y}px`;
    } else {
      this.context.setTransform(1, 0, 0, 1, 0, 0);
      this.context.clearRect(0, 0, width, height);
    }
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const corner = map.containerPointToLayerPoint([-margin.x, -margin.y]);
    L.DomUtil.setTransform(this.canvas, corner, 1);
    this.zoom = map.getZoom();
    // What a point of the world's square is multiplied with, and what is taken from it then.
    this.scale = 256 * 2 ** this.zoom;
    this.origin = map.getPixelOrigin().add(corner);
  },

  onZoomAnimation({ center, zoom }) {
    this.stretch(center, zoom);
  },

  onZoom() {
    this.stretch(this._map.getCenter(), this._map.getZoom());
  },

  /** Shows what was drawn as large as it is at another zoom. */
  stretch(center, zoom) {
    const scale = this._map.getZoomScale(zoom, this.zoom);
    const corner = this.origin.multiplyBy(scale).subtract(this._map._getNewPixelOrigin(center, zoom));
    L.DomUtil.setTransform(this.canvas, corner, scale);
  },
});
