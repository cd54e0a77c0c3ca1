// A plain herd server on Node.js: the standard library, and callbacks as its documentation teaches
// them. It answers IAMAT and WHATSAT (with no places) and floods AT lines; it repairs nothing.
//
//     node node_herd.js NAME PORT [NEIGHBOUR=PORT ...]
'use strict';

const net = require('net');

// Bytes are kept as they are: latin1 maps each to one character and back.
const ENCODING = 'latin1';
const WHITE_SPACE = /[ \t\r\f\v]+/;
const POSITION = /^([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)$/;
const TIME = /^(-?)(\d+)(?:\.(\d{1,9}))?$/;
const RADIUS = /^\d+(?:\.\d+)?$/;
const NO_PLACES = '{"results":[],"status":"ZERO_RESULTS"}\n\n';
const MAX_LINE = 4096;

// POSIX seconds as an integer: a float would lose digits.
function nanoseconds(text) {
  const match = TIME.exec(text);
  if (!match) return null;
  const nanos = BigInt(match[2] + (match[3] || '').padEnd(9, '0'));
  return match[1] ? -nanos : nanos;
}

function isPosition(text) {
  const match = POSITION.exec(text);
  return match !== null && Math.abs(match[1]) <= 90 && Math.abs(match[2]) <= 180;
}

// Date has milliseconds only; the high-resolution clock counts from no date.
const wallStart = BigInt(Date.now()) * 1000000n - process.hrtime.bigint();
const wallClock = () => wallStart + process.hrtime.bigint();

function formatSkew(skew) {
  const digits = (skew < 0n ? -skew : skew).toString().padStart(10, '0');
  return `${skew < 0n ? '-' : '+'}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

// The connection that we send to a neighbour on.
class Link {
  constructor(port) {
    this.port = port;
    this.socket = null;
    this.queue = [];
  }

  send(line) {
    this.queue.push(line);
    // What a pass over the sockets brings goes out in one write.
    if (this.queue.length === 1) setImmediate(() => this.flush());
  }

  flush() {
    if (this.socket === null) {
      this.socket = net.connect(this.port, '127.0.0.1');
      this.socket.setNoDelay(true);
      this.socket.on('error', () => {}); // who is down misses it
      this.socket.on('close', () => { this.socket = null; });
      this.socket.resume();
    }
    this.socket.write(this.queue.join(''), ENCODING);
    this.queue.length = 0;
  }
}

// What the server knows, and whom it tells.
class Herd {
  constructor(name, neighbours) {
    this.name = name;
    this.reports = new Map(); // client: { nanos, report }, the report from origin to time
    this.links = new Map(neighbours.map(([neighbour, port]) => [neighbour, new Link(port)]));
  }

  // The reply to a line; null where it is refused.
  answer(line) {
    const fields = line.trim().split(WHITE_SPACE);
    if (fields.length === 4 && fields[0] === 'IAMAT') return this.iamat(fields[1], fields[2], fields[3]);
    if (fields.length === 4 && fields[0] === 'WHATSAT') return this.whatsat(fields[1], fields[2], fields[3]);
    if (fields.length === 7 && fields[0] === 'AT') return this.at(...fields.slice(1));
    return null;
  }

  iamat(client, position, time) {
    const nanos = nanoseconds(time);
    if (nanos === null || !isPosition(position)) return null;
    const report = `${this.name} ${formatSkew(wallClock() - nanos)} ${client} ${position} ${time}`;
    this.take(client, nanos, report, this.name, this.name);
    return `AT ${report}\n`;
  }

  whatsat(client, radius, bound) {
    const known = this.reports.get(client);
    if (!known || !RADIUS.test(radius) || radius > 50 || !/^\d+$/.test(bound) || bound > 20) return null;
    return `AT ${known.report}\n${NO_PLACES}`;
  }

  at(origin, skew, client, position, time, sender) {
    const nanos = nanoseconds(time);
    if (nanos === null || !isPosition(position) || !this.links.has(sender)) return null;
    this.take(client, nanos, `${origin} ${skew} ${client} ${position} ${time}`, origin, sender);
    return '';
  }

  // Keeps a report that is newer, and passes it on; one that is not ends here.
  take(client, nanos, report, origin, sender) {
    const known = this.reports.get(client);
    if (known && (known.nanos > nanos || (known.nanos === nanos && known.report >= report))) return;
    this.reports.set(client, { nanos, report });
    for (const [neighbour, link] of this.links) {
      if (neighbour !== origin && neighbour !== sender) link.send(`AT ${report} ${this.name}\n`);
    }
  }
}

// A connection that somebody opened to us.
function serve(herd, socket) {
  let rest = '';
  const answer = (lines) => {
    let replies = '';
    for (const line of lines) {
      if (line.trim() === '') continue;
      const reply = herd.answer(line);
      if (reply === null) {
        socket.removeAllListeners('data');
        socket.end(`${replies}? ${line}\n`, ENCODING);
        return;
      }
      replies += reply;
    }
    // One write for all of them; who does not read is not read.
    if (replies !== '' && !socket.write(replies, ENCODING)) {
      socket.pause();
      socket.once('drain', () => socket.resume());
    }
  };
  socket.setEncoding(ENCODING);
  socket.setNoDelay(true);
  socket.on('data', (data) => {
    const lines = (rest + data).split('\n');
    rest = lines.pop();
    if (rest.length > MAX_LINE) lines.push(rest);
    answer(lines);
  });
  socket.on('end', () => {
    answer([rest]);
    socket.end();
  });
  socket.on('error', () => socket.destroy());
}

const [name, port, ...neighbours] = process.argv.slice(2);
if (port === undefined) {
  console.error('usage: node node_herd.js NAME PORT [NEIGHBOUR=PORT ...]');
  process.exit(2);
}
const herd = new Herd(name, neighbours.map((pair) => pair.split('=')));
net.createServer({ allowHalfOpen: true }, (socket) => serve(herd, socket))
  .listen({ port: Number(port), host: '127.0.0.1', backlog: 1024 });
