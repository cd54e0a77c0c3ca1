#!/usr/bin/env python3
"""A plain herd server on asyncio: herd.py NAME PORT [NEIGHBOUR=PORT...]

It speaks the protocol of docs/protocol.md on 127.0.0.1, with the standard library and the callbacks of
asyncio.Protocol. README.md beside it says what it leaves out.
"""

import asyncio
import re
import sys
import time
from collections import deque

HOST = "127.0.0.1"
MAX_LINE = 4096
AT_SLACK = 192  # what servers may add to the longest line of a client's
MOST_HANDLED = 65_536
MOST_QUEUED = 100_000
LINGER = 5  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds
NANOS = 1_000_000_000
NO_PLACES = b'{"results":[],"status":"ZERO_RESULTS"}\n\n'

# Bounds are checked on the digits, because a float cannot tell 90.00000000000000000001 from 90.
POSITION = re.compile(
    rb"[+-]0*(?:[0-8]?\d(?:\.\d+)?|90(?:\.0+)?)"
    rb"[+-]0*(?:(?:\d\d?|1[0-7]\d)(?:\.\d+)?|180(?:\.0+)?)"
)
TIME = re.compile(rb"(-?)(\d+)(?:\.(\d{1,9}))?")
SKEW = re.compile(rb"[+-]\d+(?:\.\d+)?")
RADIUS = re.compile(rb"0*(?:[0-4]?\d(?:\.\d+)?|50(?:\.0+)?)")
BOUND = re.compile(rb"0*(?:1?\d|20)")


def nanos_of(text):
    """A time in nanoseconds, or None if it is not one. Integers, because a float would round."""
    match = TIME.fullmatch(text)
    if not match:
        return None
    sign, seconds, decimals = match.groups(b"")
    nanos = int(sign + seconds + decimals.ljust(9, b"0"))
    return nanos if -(2**63) * NANOS <= nanos < 2**63 * NANOS else None


class Herd:
    """What the server knows, and what it answers."""

    def __init__(self, name, neighbours):
        self.name = name
        self.links = {peer: Link(port) for peer, port in neighbours.items()}
        self.kept = {}  # client: (nanoseconds, the report from origin to time)
        # Reports that are not kept but were handled, in two generations: the old one is forgotten when
        # the young one is full.
        self.young, self.old = set(), set()

    def serve(self, line, now):
        """The reply to a line, or None where it is refused."""
        match line.split():
            case []:
                return b""
            case [b"IAMAT", client, position, stamp]:
                return self.iamat(client, position, stamp, now)
            case [b"WHATSAT", client, radius, bound]:
                return self.whatsat(client, radius, bound)
            case [b"AT", origin, skew, client, position, stamp, sender]:
                return self.at(origin, skew, client, position, stamp, sender)
        return None

    def iamat(self, client, position, stamp, now):
        nanos = nanos_of(stamp)
        if nanos is None or not POSITION.fullmatch(position):
            return None
        seconds, rest = divmod(abs(now - nanos), NANOS)
        sign = b"+" if now >= nanos else b"-"
        report = b"%b %b%d.%09d %b %b %b" % (self.name, sign, seconds, rest, client, position, stamp)
        self.learn(client, nanos, report, self.name, self.name)
        return b"AT %b\n" % report

    def whatsat(self, client, radius, bound):
        if client not in self.kept or not RADIUS.fullmatch(radius) or not BOUND.fullmatch(bound):
            return None
        return b"AT %b\n%b" % (self.kept[client][1], NO_PLACES)

    def at(self, origin, skew, client, position, stamp, sender):
        nanos = nanos_of(stamp)
        if nanos is None or not POSITION.fullmatch(position) or not SKEW.fullmatch(skew):
            return None
        if sender not in self.links:
            return None
        report = b" ".join((origin, skew, client, position, stamp))
        self.learn(client, nanos, report, origin, sender)
        return b""

    def learn(self, client, nanos, report, origin, sender):
        """Keeps a report if it is the newest of its client, and forwards it if it was not handled yet."""
        new, kept = (nanos, report), self.kept.get(client)
        # Of two reports with one time the greater line wins, on every server.
        if kept is None or new > kept:
            self.kept[client] = new
            if kept is not None:
                self.remember(kept[1])
        elif new == kept or not self.remember(report):
            return
        for peer, link in self.links.items():
            if peer != sender and peer != origin:
                link.queue.append(b"AT %b %b\n" % (report, self.name))

    def remember(self, report):
        """Whether this report was not handled yet. From now on it was."""
        if report in self.young or report in self.old:
            return False
        self.young.add(report)
        if len(self.young) >= MOST_HANDLED // 2:
            self.young, self.old = set(), self.young
        return True

    def flush(self):
        for link in self.links.values():
            link.flush()


class Session(asyncio.Protocol):
    """A connection that was accepted, from a client or a neighbour."""

    def __init__(self, herd):
        self.herd = herd
        self.tail = b""
        self.refused = False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if self.refused:
            return
        *lines, self.tail = (self.tail + data).split(b"\n")
        self.answer(lines)

    def eof_received(self):
        # The last line needs no end. asyncio sends what is owed, and then closes.
        if not self.refused:
            self.answer([self.tail])

    def answer(self, lines):
        now, replies = time.time_ns(), []
        for line in lines:
            reply = self.herd.serve(line, now) if len(line) <= longest(line) else None
            if reply is None:
                self.refuse(line, replies)
                break
            replies.append(reply)
        else:
            if len(self.tail) > longest(self.tail):
                self.refuse(self.tail, replies)
        # One write for all that came together, here and to each neighbour, is one system call.
        self.transport.write(b"".join(replies))
        self.herd.flush()
        if self.refused:
            self.transport.write_eof()

    def refuse(self, line, replies):
        # Closing over bytes that were not read would reset the connection, and the client would lose its
        # replies: so only the sending half is closed now, and the rest is dropped as it comes.
        replies.append(b"? %b\n" % line[: longest(line)])
        self.refused = True
        asyncio.get_running_loop().call_later(LINGER, self.transport.abort)

    # A client that does not read is not read either.
    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


def longest(line):
    return MAX_LINE + AT_SLACK if line.startswith(b"AT ") else MAX_LINE


class Link(asyncio.Protocol):
    """The connection to a neighbour, and what waits for it. Of too much, the oldest lines are dropped."""

    def __init__(self, port):
        self.port = port
        self.queue = deque(maxlen=MOST_QUEUED)
        self.transport = None
        self.writable = False

    async def keep_up(self):
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        while True:
            self.lost = loop.create_future()
            try:
                await loop.create_connection(lambda: self, HOST, self.port)
                pause = FIRST_PAUSE
                await self.lost
            except OSError:
                pass
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def connection_made(self, transport):
        self.transport = transport
        self.resume_writing()

    def connection_lost(self, _error):
        self.writable = False
        self.lost.set_result(None)

    def pause_writing(self):
        self.writable = False

    def resume_writing(self):
        self.writable = True
        self.flush()

    def flush(self):
        if self.writable and self.queue:
            lines = b"".join(self.queue)
            self.queue.clear()
            self.transport.write(lines)


async def main(name, port, *neighbours):
    pairs = (neighbour.rpartition("=") for neighbour in neighbours)
    herd = Herd(name.encode(), {peer.encode(): int(port) for peer, _, port in pairs})
    server = await asyncio.get_running_loop().create_server(lambda: Session(herd), HOST, int(port), backlog=1024)
    await asyncio.gather(server.serve_forever(), *(link.keep_up() for link in herd.links.values()))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        pass
