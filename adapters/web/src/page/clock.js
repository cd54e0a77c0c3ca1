// The server's time. Ages are of no use where the clock of the browser's machine is wrong.

let ahead = 0;

/** Takes the `Date` of a reply. It has whole seconds, so less than two of difference mean nothing. */
export function setClock(date) {
  const server = Date.parse(date);
  if (Number.isNaN(server)) return;
  const difference = (server - Date.now()) / 1000;
  ahead = Math.abs(difference) < 2 ? 0 : difference;
}

/** POSIX time in seconds. */
export const now = () => Date.now() / 1000 + ahead;
