// Numbers and times as people read them.

const whole = new Intl.NumberFormat("en");

export const count = (number) => whole.format(number);

export function clients(number) {
  return number === 1 ? "1 client" : `${count(number)} clients`;
}

/** A time span in seconds, in its largest unit. */
export function span(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${count(Math.floor(seconds / 86400))} d`;
}

/** How long ago, or how far ahead where a client's clock is. */
export function age(seconds) {
  if (seconds < -1) return `${span(-seconds)} ahead`;
  return `${span(seconds)} ago`;
}

/** A position as a map needs it: 34.06893° N, 118.44513° W. */
export function position(lat, lng) {
  const part = (value, plus, minus) => `${Math.abs(value).toFixed(5)}° ${value < 0 ? minus : plus}`;
  return `${part(lat, "N", "S")}, ${part(lng, "E", "W")}`;
}

/** A position for a narrow column. */
export const coordinates = (lat, lng) => `${lat.toFixed(2)}, ${lng.toFixed(2)}`;

export function distance(km) {
  if (km < 1) return `${Math.round(km * 1000)} m`;
  return km < 100 ? `${km.toFixed(1)} km` : `${count(Math.round(km))} km`;
}

/** A time of day, or a date where it is another day. */
export function moment(posix) {
  const then = new Date(posix * 1000);
  if (Number.isNaN(then.getTime())) return "";
  const today = then.toDateString() === new Date().toDateString();
  return today ? then.toLocaleTimeString() : then.toLocaleString();
}
