#!/usr/bin/env python3
"""A load that shares nothing with `herd bench`: python3 benches/independent.py [--help]

It starts release builds of the herd and Redis on free ports of this machine, loads them by turns, checks
every reply, and says which targets are met. Linux and the standard library only. docs/notebook.md has
its figures.
"""

import argparse
import errno
import os
import random
import select
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from itertools import cycle
from pathlib import Path

HOST = "127.0.0.1"
PATIENCE = 20  # seconds
WARM_UP = 0.2  # seconds
TICK = 1 / os.sysconf("SC_CLK_TCK")
# A server that takes less of a core had time left: its rate is not its own.
BUSY = 0.9
# Close with a reset, or this machine's ports run out.
RESET = struct.pack("ii", 1, 0)

Shape = namedtuple("Shape", "name connections pipeline connect_each")
PIPELINE = Shape("pipeline of 100", 50, 100, False)
SINGLE = Shape("one at a time", 50, 1, False)
CONNECT = Shape("a connection each", 20, 1, True)

# How a report is written before and behind what changes with each, whether that has a time, and how the
# reply to it begins.
Dialect = namedtuple("Dialect", "halves has_time reply")
System = namedtuple("System", "name program dialect")
Run = namedtuple("Run", "rate cpu own_cpu busy")


def iamat(client, latitude, longitude):
    return b"IAMAT %s +%s-%s" % (client, latitude, longitude), b"\n"


def redis_set(client, latitude, longitude):
    value = b"AT Alford +0.000263873 %s +%s-%s" % (client, latitude, longitude)
    length = len(value) + len(moved(0, time.time_ns()))
    return b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s" % (len(client), client, length, value), b"\r\n"


def redis_geoadd(client, latitude, longitude):
    head = b"*5\r\n$6\r\nGEOADD\r\n$7\r\nclients\r\n$%d\r\n-%s" % (len(longitude) + 5, longitude)
    return head, b"\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(latitude), latitude, len(client), client)


HERD = Dialect(iamat, True, b"AT Alford ")
TOKIO = System("herd-tokio", "herd-tokio", HERD)
ASYNC_STD = System("herd-async-std", "herd-async-std", HERD)
SET = System("Redis SET", "redis-server", Dialect(redis_set, True, b"+OK\r"))
GEOADD = System("Redis GEOADD", "redis-server", Dialect(redis_geoadd, False, b":"))
SYSTEMS = [TOKIO, SET, ASYNC_STD, GEOADD]

# What the herd is to reach: load, figure, whose, against whom, at least or at most; None is only shown.
TARGETS = [
    (PIPELINE, "cpu", TOKIO, SET, "at most", 0.40),
    (PIPELINE, "cpu", TOKIO, GEOADD, "at most", 0.12),
    (PIPELINE, "rate", TOKIO, SET, "at least", 1.6),
    (PIPELINE, "cpu", ASYNC_STD, TOKIO, "at most", 1.3),
    (PIPELINE, "rate", ASYNC_STD, TOKIO, "at least", 0.75),
    (SINGLE, "rate", TOKIO, SET, "at least", 1.1),
    (SINGLE, "cpu", TOKIO, SET, None, None),
    (SINGLE, "rate", ASYNC_STD, TOKIO, "at least", 0.75),
    (CONNECT, "rate", TOKIO, SET, "at least", 1.0),
    (CONNECT, "cpu", TOKIO, SET, None, None),
    (CONNECT, "rate", ASYNC_STD, TOKIO, "at least", 0.75),
]


def moved(turn, nanos):
    """What changes: the last four digits of the longitude, which are less than a kilometre, and the time."""
    step = b"%04d" % (turn * 7_919 % 10_000)
    return step + b" %d.%09d" % divmod(nanos, 1_000_000_000) if nanos else step


class Block:
    """Reports of some clients that are sent together. All is written ahead but for what changes, or Python
    could not write them as fast as a server reads."""

    def __init__(self, dialect, clients):
        heads, tails = zip(*(dialect.halves(*client) for client in clients))
        self.parts = [heads[0], *(tail + head for tail, head in zip(tails, heads[1:])), tails[-1]]
        self.has_time = dialect.has_time
        self.turn = 0

    def next(self):
        self.turn += 1
        return moved(self.turn, time.time_ns() if self.has_time else None).join(self.parts)


class Connection:
    """A connection and its clients' blocks, which take turns."""

    def __init__(self, address, dialect, blocks, size):
        self.address, self.dialect, self.size = address, dialect, size
        self.blocks = cycle(blocks)
        self.open()

    def open(self):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.socket.setblocking(False)
        # On this machine it is connected at once, whatever the call says.
        error = self.socket.connect_ex(self.address)
        if error not in (0, errno.EINPROGRESS):
            raise OSError(error, os.strerror(error))

    def ask(self):
        block = next(self.blocks).next()
        if self.socket.send(block) < len(block):
            raise RuntimeError("the socket does not take a block at once")
        self.replies = b""

    def is_answered(self):
        """Reads. Whether all replies are there; they are what they must be."""
        received = self.socket.recv(1 << 16)
        if not received:
            raise RuntimeError(f"the server closed the connection after {self.replies[-200:]!r}")
        replies = self.replies = self.replies + received if self.replies else received
        lines, reply = replies.count(b"\n"), self.dialect.reply
        if lines < self.size:
            return False
        right = replies.startswith(reply) + replies.count(b"\n" + reply)
        if lines > self.size or right < lines or replies[-1:] != b"\n":
            raise RuntimeError(f"{self.size} asked, {lines} replied, {right} of them right: {replies[:200]!r}")
        return True


class Load:
    """Some connections, each of which asks when it is answered."""

    def __init__(self, address, dialect, shape, clients):
        self.poll, self.shape = select.epoll(), shape
        size = shape.pipeline
        blocks = [Block(dialect, clients[at : at + size]) for at in range(0, len(clients), size)]
        share = shape.connections
        self.connections = [Connection(address, dialect, blocks[at::share], size) for at in range(share)]
        self.by_file = {}
        self.replies = 0
        for connection in self.connections:
            self.register(connection)
            connection.ask()

    def register(self, connection):
        self.by_file[connection.socket.fileno()] = connection
        self.poll.register(connection.socket, select.EPOLLIN)

    def run(self, is_over):
        """Replies until it is over."""
        before = self.replies
        while not is_over(self.replies - before):
            events = self.poll.poll(PATIENCE)
            if not events:
                raise RuntimeError(f"no reply in {PATIENCE} s")
            for file, _ in events:
                self.serve(self.by_file[file])
        return self.replies - before

    def run_for(self, seconds):
        end = time.monotonic() + seconds
        return self.run(lambda _: time.monotonic() >= end)

    def serve(self, connection):
        if not connection.is_answered():
            return
        self.replies += self.shape.pipeline
        if self.shape.connect_each:
            connection.socket.close()
            connection.open()
            self.register(connection)
        connection.ask()

    def close(self):
        """Closes all when they are answered, as clients do."""
        for connection in self.connections:
            connection.socket.settimeout(PATIENCE)
            while not connection.is_answered():
                pass
            connection.socket.close()
        self.poll.close()


def find(system, bin_folder):
    """The program of a system, if it is there: a herd's in the folder, others on the path."""
    return shutil.which(system.program, path=str(Path(bin_folder).resolve()) if system.dialect is HERD else None)


class Server:
    """A server of its own on a free port."""

    def __init__(self, system, program, folder):
        self.system = system
        with socket.create_server((HOST, 0)) as free:
            self.address = free.getsockname()
        command = [program, *self.arguments(folder)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HERD_")}
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            self.wait()
        except RuntimeError:
            self.stop()
            raise

    def arguments(self, folder):
        port = self.address[1]
        if self.system.dialect is not HERD:
            # It keeps nothing on disk, as a herd does not.
            return ["--port", str(port), "--bind", HOST, "--save", "", "--appendonly", "no"]
        # Alone: a server of the built-in herd would look for its neighbours.
        config = Path(folder) / f"{self.system.name}.toml"
        config.write_text(f'[[server]]\nname = "Alford"\nlisten = "{HOST}:{port}"\nlinks = []\n')
        return ["serve", "Alford", "--config", str(config), "--log-filter", "error"]

    def wait(self):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return socket.create_connection(self.address).close()
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{self.system.name} does not listen")
                time.sleep(0.02)

    def cpu(self):
        """CPU time so far, user and system: fields 14 and 15. The second field may hold anything."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK

    def fill(self, clients):
        """Makes nearly all clients known: as many reports as there are clients."""
        load = Load(self.address, self.system.dialect, PIPELINE, clients)
        load.run(lambda replies: replies >= len(clients))
        load.close()

    def measure(self, shape, clients, seconds):
        load = Load(self.address, self.system.dialect, shape, clients)
        load.run_for(WARM_UP)
        start, cpu, own_cpu = time.monotonic(), self.cpu(), time.process_time()
        replies = load.run_for(seconds)
        span, cpu, own_cpu = time.monotonic() - start, self.cpu() - cpu, time.process_time() - own_cpu
        load.close()
        replies = max(replies, 1)
        return Run(replies / span, cpu * 1e6 / replies, own_cpu * 1e6 / replies, cpu / span)

    def stop(self):
        self.process.kill()
        self.process.wait()


def clients(count):
    """Each has its place within half a degree of Westwood. Four digits of the longitude are left for its way."""
    lots = random.Random(1)
    for number in range(count):
        latitude, longitude = lots.randint(33_568_930, 34_568_930), lots.randint(11_794, 11_893)
        yield b"client-%06d" % number, b"%d.%06d" % divmod(latitude, 10**6), b"%d.%02d" % divmod(longitude, 100)


def measure(servers, everyone, rounds, seconds):
    """The medians, by load and system; systems take turns, there and back again."""
    runs = {}
    for shape in (PIPELINE, SINGLE, CONNECT):
        for number in range(rounds):
            for server in servers if number % 2 == 0 else reversed(servers):
                run = server.measure(shape, everyone, seconds)
                runs.setdefault((shape, server.system), []).append(run)
    return {key: Run(*map(statistics.median, zip(*value))) for key, value in runs.items()}


def show_figures(figures):
    print(f"{'load':18} {'system':15} {'a second':>10} {'CPU µs':>7} {'load µs':>8} {'busy':>5}")
    for (shape, system), run in figures.items():
        row = f"{run.rate:10,.0f} {run.cpu:7.2f} {run.own_cpu:8.2f} {run.busy:5.2f}"
        print(f"{shape.name:18} {system.name:15} {row}")
    print("\nload µs: CPU of this load; busy: CPU of the server, in cores\n")


def show_targets(figures):
    for shape, figure, of, against, side, bound in TARGETS:
        mine, other = figures.get((shape, of)), figures.get((shape, against))
        if not mine or not other or not getattr(other, figure):
            continue
        ratio = getattr(mine, figure) / getattr(other, figure)
        target = f"{side} {bound:.2f}" if side else "-"
        row = f"{shape.name:18} {figure:4} {of.name:14} / {against.name:12} {ratio:5.2f}  {target:13}"
        print(row, verdict(mine, other, figure, ratio, side, bound))
    print("\nWhere servers had time left, rates are Python's or the machine's; CPU for a request is what tells.")


def verdict(mine, other, figure, ratio, side, bound):
    if figure == "rate" and min(mine.busy, other.busy) < BUSY:
        return "the servers had time left"
    if not side:
        return ""
    return "met" if (ratio <= bound if side == "at most" else ratio >= bound) else "MISSED"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    release = Path(__file__).resolve().parents[1] / "target/release"
    options.add_argument("--bin", default=release, help="folder of the herds [target/release]")
    options.add_argument("--seconds", type=float, default=2.0, help="how long each run is measured [2]")
    options.add_argument("--rounds", type=int, default=5, help="runs of each load on each system [5]")
    options.add_argument("--clients", type=int, default=100_000, help="a multiple of 5000 [100000]")
    options = options.parse_args()
    if options.clients < 5_000 or options.clients % 5_000:
        sys.exit("--clients: 50 connections with a pipeline of 100 need a multiple of 5000")
    everyone = list(clients(options.clients))
    servers = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for system in SYSTEMS:
                program = find(system, options.bin)
                if not program:
                    print(f"not measured: {system.name}: {system.program} is not there")
                    continue
                servers.append(Server(system, program, folder))
                servers[-1].fill(everyone)
            figures = measure(servers, everyone, options.rounds, options.seconds)
        finally:
            for server in servers:
                server.stop()
    show_figures(figures)
    show_targets(figures)


if __name__ == "__main__":
    main()
