"""A plain herd server on Python's asyncio: the standard library, and callbacks as its documentation
teaches them. It answers IAMAT and WHATSAT (with no places) and floods AT lines; it repairs nothing.

    python3 asyncio_herd.py NAME PORT [NEIGHBOUR=PORT ...]
"""

import asyncio
import re
import sys
import time

POSITION = re.compile(rb"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)\Z")
TIME = re.compile(rb"(-?\d+)(?:\.(\d{1,9}))?\Z")
RADIUS = re.compile(rb"\d+(?:\.\d+)?\Z")
NO_PLACES = b'{"results":[],"status":"ZERO_RESULTS"}\n\n'
MAX_LINE = 4096


class Refused(Exception):
    """A line that is no request, or that cannot be answered."""


def nanoseconds(text):
    """POSIX seconds as an integer: a float would lose digits."""
    match = TIME.match(text)
    if not match:
        raise Refused
    nanos = abs(int(match[1])) * 1_000_000_000 + int((match[2] or b"").ljust(9, b"0"))
    return -nanos if text.startswith(b"-") else nanos


def check_position(text):
    match = POSITION.match(text)
    if not match or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
        raise Refused


class Herd:
    """What the server knows, and whom it tells."""

    def __init__(self, name, neighbours):
        self.name = name
        self.reports = {}  # client: (time in nanoseconds, the AT line from origin to time)
        self.links = {neighbour: Link(port) for neighbour, port in neighbours.items()}

    def answer(self, line):
        """The reply to a line; None where there is none."""
        fields = line.split()
        if len(fields) == 4 and fields[0] == b"IAMAT":
            return self.iamat(*fields[1:])
        if len(fields) == 4 and fields[0] == b"WHATSAT":
            return self.whatsat(*fields[1:])
        if len(fields) == 7 and fields[0] == b"AT":
            return self.at(*fields[1:])
        raise Refused

    def iamat(self, client, position, sent):
        check_position(position)
        nanos = nanoseconds(sent)
        skew = time.time_ns() - nanos
        sign = b"-" if skew < 0 else b"+"
        seconds, rest = divmod(abs(skew), 1_000_000_000)
        report = b"%s %s%d.%09d %s %s %s" % (self.name, sign, seconds, rest, client, position, sent)
        self.take(client, nanos, report, self.name, self.name)
        return b"AT %s\n" % report

    def whatsat(self, client, radius, bound):
        known = self.reports.get(client)
        if not known or not RADIUS.match(radius) or float(radius) > 50 or not bound.isdigit() or int(bound) > 20:
            raise Refused
        return b"AT %s\n%s" % (known[1], NO_PLACES)

    def at(self, origin, skew, client, position, sent, sender):
        check_position(position)
        if sender not in self.links:
            raise Refused
        report = b" ".join((origin, skew, client, position, sent))
        self.take(client, nanoseconds(sent), report, origin, sender)

    def take(self, client, nanos, report, origin, sender):
        """Keeps a report that is newer, and passes it on; one that is not ends here."""
        known = self.reports.get(client)
        if known and known >= (nanos, report):
            return
        self.reports[client] = (nanos, report)
        line = b"AT %s %s\n" % (report, self.name)
        for neighbour, link in self.links.items():
            if neighbour not in (origin, sender):
                link.send(line)


class Session(asyncio.Protocol):
    """A connection that somebody opened to us."""

    def __init__(self, herd):
        self.herd = herd
        self.rest = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        if len(self.rest) > MAX_LINE:
            lines.append(self.rest)
        self.serve(lines)

    def eof_received(self):
        self.serve([self.rest])

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()

    def serve(self, lines):
        replies = []
        refused = False
        for line in lines:
            if not line.strip():
                continue
            try:
                replies.append(self.herd.answer(line) or b"")
            except Refused:
                replies.append(b"? %s\n" % line)
                refused = True
                break
        # One write for all of them.
        self.transport.write(b"".join(replies))
        if refused:
            self.transport.close()


class Link(asyncio.Protocol):
    """The connection that we send to a neighbour on."""

    def __init__(self, port):
        self.port = port
        self.transport = None
        self.queue = []
        self.connecting = False

    def send(self, line):
        self.queue.append(line)
        if len(self.queue) == 1:
            # What a pass over the sockets brings goes out in one write.
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self):
        if self.transport:
            self.transport.write(b"".join(self.queue))
            self.queue.clear()
        elif not self.connecting:
            self.connecting = True
            asyncio.ensure_future(self.connect())

    async def connect(self):
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self.port)
            self.flush()
        except OSError:
            self.queue.clear()  # who is down misses it
        self.connecting = False

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, _):
        self.transport = None


async def main(name, port, *neighbours):
    pairs = (neighbour.split("=") for neighbour in neighbours)
    herd = Herd(name.encode(), {neighbour.encode(): int(port) for neighbour, port in pairs})
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(herd), "127.0.0.1", int(port), backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        pass
