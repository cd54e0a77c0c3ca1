// Land and borders of the world, from Natural Earth by way of world-atlas, as rings in the world's square.

import { project } from "./clients.js";

const { topojson } = window;

/** Reads the atlas: `{ land, borders, names }`. */
export async function world() {
  const atlas = await (await fetch("/assets/vendor/countries-50m.json")).json();
  const { countries, land } = atlas.objects;
  const inner = topojson.mesh(atlas, countries, (a, b) => a !== b);
  return {
    land: topojson.feature(atlas, land).features.flatMap(({ geometry }) => polygons(geometry)).flat().map(line),
    borders: inner.coordinates.map(line),
    names: topojson.feature(atlas, countries).features.map(label).filter(Boolean).sort((a, b) => b.size - a.size),
  };
}

function polygons({ type, coordinates }) {
  return type === "Polygon" ? [coordinates] : coordinates;
}

/** A line with its bounds: points as x, y, x, y. */
function line(degrees) {
  const points = closed(unwrapped(degrees).map(([lng, lat]) => project(lat, lng)));
  const xy = new Float64Array(points.flat());
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [west, north] = [xs, ys].map((all) => all.reduce((a, b) => Math.min(a, b)));
  const [east, south] = [xs, ys].map((all) => all.reduce((a, b) => Math.max(a, b)));
  return { xy, west, east, north, south };
}

/** Goes on past 180 degrees where a line crosses the antimeridian, instead of back around the world. */
function unwrapped(points) {
  let turns = 0;
  return points.map(([lng, lat], at) => {
    if (at > 0) turns -= Math.round((lng - points[at - 1][0]) / 360);
    return [lng + 360 * turns, lat];
  });
}

/** Antarctica's coast goes once around the world: its ring is closed along the lower edge. */
function closed(points) {
  const [[first], [last]] = [points[0], points.at(-1)];
  return Math.abs(last - first) < 0.5 ? points : [...points, [last, 1], [first, 1]];
}

/** A country's name, in the middle of its largest part. */
function label({ geometry, properties }) {
  const largest = polygons(geometry).map(([outer]) => middle(unwrapped(outer))).sort((a, b) => b.area - a.area)[0];
  // Around a pole there is no middle.
  if (!properties.name || properties.name === "Antarctica") return null;
  const [x, y] = project(largest.lat, largest.lng);
  return { name: properties.name, x, y, size: Math.sqrt(largest.area) / 360 };
}

/** Area in square degrees, and centroid (the shoelace formula). */
function middle(ring) {
  let [area, lng, lat] = [0, 0, 0];
  for (let at = 0; at + 1 < ring.length; at += 1) {
    const [[x0, y0], [x1, y1]] = [ring[at], ring[at + 1]];
    const cross = x0 * y1 - x1 * y0;
    area += cross;
    lng += (x0 + x1) * cross;
    lat += (y0 + y1) * cross;
  }
  return { area: Math.abs(area / 2), lng: lng / (3 * area), lat: lat / (3 * area) };
}
