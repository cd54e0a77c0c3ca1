// The few icons, drawn with strokes in the colour of the text.

const paths = {
  close: ["M6 6 L18 18", "M18 6 L6 18"],
  down: ["M6 9 L12 15 L18 9"],
  moon: ["M20 14.5 A8.5 8.5 0 1 1 9.5 4 A7 7 0 0 0 20 14.5 Z"],
  sun: ["M12 8 A4 4 0 1 0 12 16 A4 4 0 1 0 12 8 Z", "M12 2 V4 M12 20 V22 M2 12 H4 M20 12 H22",
    "M4.9 4.9 L6.3 6.3 M17.7 17.7 L19.1 19.1 M4.9 19.1 L6.3 17.7 M17.7 6.3 L19.1 4.9"],
};

/** An element of SVG. */
export function svg(name, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

export function icon(name) {
  const drawing = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", fill: "none", stroke: "currentColor",
    "stroke-width": "2", "stroke-linecap": "round", "stroke-linejoin": "round" });
  drawing.append(...paths[name].map((d) => svg("path", { d })));
  return drawing;
}
