#!/usr/bin/env node
// A plain herd server on Node.js: herd.js NAME PORT [NEIGHBOUR=PORT...]
//
// It speaks the protocol of docs/protocol.md on 127.0.0.1, with the module `net` and its callbacks.
// README.md beside it says what it leaves out.
'use strict';

const net = require('node:net');

const HOST = '127.0.0.1';
const MAX_LINE = 4096;
const AT_SLACK = 192; // what servers may add to the longest line of a client's
const MOST_HANDLED = 65536;
const MOST_QUEUED = 100000;
const LINGER = 5000; // milliseconds
const FIRST_PAUSE = 50; // milliseconds
const LONGEST_PAUSE = 1000; // milliseconds
const NANOS = 1000000000n;
const NO_PLACES = '{"results":[],"status":"ZERO_RESULTS"}\n\n';

// Not `\s`, which takes more than the protocol does.
const FIELD = /[^ \t\n\r\v\f]+/g;
// Bounds are checked on the digits, because a number cannot tell 90.00000000000000000001 from 90.
const LATITUDE = /[+-]0*(?:[0-8]?\d(?:\.\d+)?|90(?:\.0+)?)/;
const LONGITUDE = /[+-]0*(?:(?:\d\d?|1[0-7]\d)(?:\.\d+)?|180(?:\.0+)?)/;
const POSITION = new RegExp(`^${LATITUDE.source}${LONGITUDE.source}$`);
const TIME = /^(-?\d+)(?:\.(\d{1,9}))?$/;
const SKEW = /^[+-]\d+(?:\.\d+)?$/;
const RADIUS = /^0*(?:[0-4]?\d(?:\.\d+)?|50(?:\.0+)?)$/;
const BOUND = /^0*(?:1?\d|20)$/;

// A time in nanoseconds, or null if it is not one. A BigInt, because a number would round.
function nanosOf(text) {
  const match = TIME.exec(text);
  if (!match) return null;
  const nanos = BigInt(match[1] + (match[2] ?? '').padEnd(9, '0'));
  return nanos >= -(2n ** 63n) * NANOS && nanos < 2n ** 63n * NANOS ? nanos : null;
}

function skewOf(now, nanos) {
  const skew = now - nanos;
  const digits = String(skew < 0n ? -skew : skew).padStart(10, '0');
  return `${skew < 0n ? '-' : '+'}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

// A copy that stands alone. A part of a string keeps all of it, here all of what the socket read.
const copyOf = (text) => Buffer.from(text, 'latin1').toString('latin1');

const longest = (line) => (line.startsWith('AT ') ? MAX_LINE + AT_SLACK : MAX_LINE);

// What the server knows, and what it answers.
class Herd {
  constructor(name, neighbours) {
    this.name = name;
    this.links = new Map(neighbours.map(([peer, port]) => [peer, new Link(port)]));
    this.kept = new Map(); // client: { nanos, report }, the report from origin to time
    // Reports that are not kept but were handled, in two generations: the old one is forgotten when the
    // young one is full.
    this.young = new Set();
    this.old = new Set();
  }

  // The reply to a line, or null where it is refused.
  serve(line, now) {
    const fields = line.match(FIELD);
    if (!fields) return '';
    const [command, ...rest] = fields;
    if (command === 'IAMAT' && rest.length === 3) return this.iamat(now, ...rest);
    if (command === 'WHATSAT' && rest.length === 3) return this.whatsat(...rest);
    if (command === 'AT' && rest.length === 6) return this.at(...rest);
    return null;
  }

  iamat(now, client, position, time) {
    const nanos = nanosOf(time);
    if (nanos === null || !POSITION.test(position)) return null;
    const report = `${this.name} ${skewOf(now, nanos)} ${client} ${position} ${time}`;
    this.learn(client, nanos, report, this.name, this.name);
    return `AT ${report}\n`;
  }

  whatsat(client, radius, bound) {
    const kept = this.kept.get(client);
    if (!kept || !RADIUS.test(radius) || !BOUND.test(bound)) return null;
    return `AT ${kept.report}\n${NO_PLACES}`;
  }

  at(origin, skew, client, position, time, sender) {
    const nanos = nanosOf(time);
    if (nanos === null || !POSITION.test(position) || !SKEW.test(skew)) return null;
    if (!this.links.has(sender)) return null;
    this.learn(client, nanos, `${origin} ${skew} ${client} ${position} ${time}`, origin, sender);
    return '';
  }

  // Keeps a report if it is the newest of its client, and forwards it if it was not handled yet.
  learn(client, nanos, report, origin, sender) {
    const kept = this.kept.get(client);
    // Of two reports with one time the greater line wins, on every server.
    if (!kept) {
      this.kept.set(copyOf(client), { nanos, report: copyOf(report) });
    } else if (nanos > kept.nanos || (nanos === kept.nanos && report > kept.report)) {
      this.remember(kept.report);
      kept.nanos = nanos;
      kept.report = copyOf(report);
    } else if (report === kept.report || !this.remember(copyOf(report))) {
      return;
    }
    for (const [peer, link] of this.links) {
      if (peer !== sender && peer !== origin) link.queue.push(`AT ${report} ${this.name}\n`);
    }
  }

  // Whether this report was not handled yet. From now on it was.
  remember(report) {
    if (this.young.has(report) || this.old.has(report)) return false;
    this.young.add(report);
    if (this.young.size >= MOST_HANDLED / 2) [this.young, this.old] = [new Set(), this.young];
    return true;
  }

  // A connection that was accepted, from a client or a neighbour.
  accept(socket) {
    let tail = '';
    let refused = false;
    const answer = (lines) => {
      const now = BigInt(Date.now()) * 1000000n;
      let replies = '';
      const refuse = (line) => {
        refused = true;
        replies += `? ${line.slice(0, longest(line))}\n`;
      };
      for (const line of lines) {
        const reply = line.length <= longest(line) ? this.serve(line, now) : null;
        if (reply === null) {
          refuse(line);
          break;
        }
        replies += reply;
      }
      if (!refused && tail.length > longest(tail)) refuse(tail);
      // One write for all that came together, here and to each neighbour, is one system call.
      for (const link of this.links.values()) link.flush();
      return replies;
    };
    // Every byte is a character of this encoding, so that what is no UTF-8 comes back as it was.
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      if (refused) return;
      const lines = (tail + data).split('\n');
      tail = lines.pop();
      const replies = answer(lines);
      if (refused) {
        // Closing over bytes that were not read would reset the connection, and the client would lose its
        // replies: so only the sending half is closed now, and the rest is dropped as it comes.
        socket.end(replies, 'latin1');
        setTimeout(() => socket.destroy(), LINGER);
      } else if (replies && !socket.write(replies, 'latin1')) {
        socket.pause(); // A client that does not read is not read either.
      }
    });
    socket.on('drain', () => socket.resume());
    socket.on('end', () => {
      // The last line needs no end.
      if (!refused) socket.end(answer([tail]), 'latin1');
    });
    socket.on('error', () => {}); // `close` follows, and nothing is owed to who has gone.
  }
}

// The connection to a neighbour, and what waits for it. Of too much, the oldest lines are dropped.
class Link {
  constructor(port) {
    this.port = port;
    this.queue = [];
    this.writable = false;
    this.pause = FIRST_PAUSE;
    this.connect();
  }

  connect() {
    this.socket = net.connect({ host: HOST, port: this.port, noDelay: true });
    this.socket.on('connect', () => {
      this.pause = FIRST_PAUSE;
      this.resume();
    });
    this.socket.on('drain', () => this.resume());
    this.socket.on('error', () => {}); // `close` follows.
    this.socket.on('close', () => {
      this.writable = false;
      setTimeout(() => this.connect(), this.pause);
      this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
    });
    this.socket.resume(); // What a neighbour says here is of no use, but its end must be seen.
  }

  resume() {
    this.writable = true;
    this.flush();
  }

  flush() {
    if (this.writable && this.queue.length > 0) {
      const lines = this.queue.join('');
      this.queue = [];
      this.writable = this.socket.write(lines, 'latin1');
    } else if (this.queue.length > 2 * MOST_QUEUED) {
      this.queue = this.queue.slice(-MOST_QUEUED);
    }
  }
}

const [name, port, ...neighbours] = process.argv.slice(2);
if (port === undefined) {
  console.error('herd.js NAME PORT [NEIGHBOUR=PORT...]');
  process.exit(1);
}
const herd = new Herd(name, neighbours.map((neighbour) => neighbour.split('=')));
const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => herd.accept(socket));
server.listen({ port: Number(port), host: HOST, backlog: 1024 });
