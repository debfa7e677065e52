#!/usr/bin/env python3
"""Slow clients: 2,000 idle connections, 500 slow heads and 200 slow bodies do not slow a good client down.

  slow.py [--rounds 5] [--seconds 1]

A good client sends single entries one after the other, alone and beside the others in turn: each round beside them is
compared with the quiet phases right before and after it, and the median of the rounds counts, so that a moment in which
the machine had other things to do does not. Its p99 and its median beside them are at most three times the quiet ones;
below 10 and 2 ms the machine decides, and a ratio means nothing. Slow connections are opened anew when the server ends
them, and it must end them.

The slow clients are a process of their own, so that they do not share an interpreter with the good one, and the data is
in memory where there is /dev/shm: what is asked is what connections cost, and a disk has moods.

That the measure can fail is shown by a control: clients that keep the server busy instead, which must be noticed.
"""
import argparse
import contextlib
import json
import os
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import outside

IDLE, SLOW_HEADS, SLOW_BODIES = 2000, 500, 200
ALL = IDLE + SLOW_HEADS + SLOW_BODIES
# Pieces are sent this often: slower than any honest client, often enough to seem alive.
PACE = 0.5
# How much slower the good client may be, and the milliseconds below which that means nothing.
TIMES, FLOOR_P99, FLOOR_P50 = 3, 10, 2
# All of the server's deadlines for heads, bodies and idle connections are over by then.
DEADLINES = 15
BUSY, BUSY_ENTRIES = 64, 1000
FILES = 8192


# The slow clients' process: `slow.py --as-slow HOST PORT KEY` takes a word a line, does it and answers with what it saw.

class Slow:
    """Keeps many connections open, on one thread."""

    def __init__(self, host, port, key):
        self.address, self.key = (host, int(port)), key
        self.sockets, self.pending = {}, {}
        self.selector = selectors.DefaultSelector()
        self.ended, self.refused, self.answers = dict.fromkeys(("idle", "head", "body", "busy"), 0), 0, 0
        self.begin = {
            "idle": b"",
            "head": b"POST /api/v1/logs HTTP/1.1\r\nHost: logan\r\n",
            "body": self.head(100_000),
            "busy": self.head(len(ENTRIES)) + ENTRIES,
        }
        self.piece = {"head": b"x-s", "body": b"{"}

    def head(self, length):
        return (f"POST /api/v1/logs HTTP/1.1\r\nHost: logan\r\nAuthorization: Bearer {self.key}\r\n"
                f"Content-Type: application/x-ndjson\r\nContent-Length: {length}\r\n\r\n").encode()

    def open(self, kind):
        try:
            connection = socket.create_connection(self.address, timeout=5)
            connection.setblocking(False)
        except OSError:
            self.refused += 1
            return
        self.sockets[connection] = kind
        self.selector.register(connection, selectors.EVENT_READ)
        self.send(connection, self.begin[kind])

    def send(self, connection, content):
        try:
            content = content[connection.send(content):] if content else b""
        except BlockingIOError:
            pass
        except OSError:
            # What the server did with it is seen when it is read.
            content = b""
        if self.sockets[connection] == "busy":
            self.pending[connection] = content
            self.selector.modify(connection, selectors.EVENT_READ | (selectors.EVENT_WRITE if content else 0))

    def close(self, connection):
        self.selector.unregister(connection)
        self.pending.pop(connection, None)
        connection.close()
        return self.sockets.pop(connection)

    def read(self, connection):
        try:
            content = connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            content = b""
        if not content:
            kind = self.close(connection)
            self.ended[kind] += 1
            self.open(kind)
        elif self.sockets[connection] == "busy":
            self.answers += content.count(b"HTTP/1.1 ")
            self.send(connection, self.begin["busy"])

    def obey(self, word):
        if word == "slow":
            for kind, count in (("idle", IDLE), ("head", SLOW_HEADS), ("body", SLOW_BODIES)):
                for _ in range(count):
                    self.open(kind)
        elif word == "busy":
            for _ in range(BUSY):
                self.open("busy")
        said = {"open": len(self.sockets), "ended": self.ended, "refused": self.refused, "answers": self.answers}
        if word == "close":
            for connection in list(self.sockets):
                self.close(connection)
        print(json.dumps(said), flush=True)

    def run(self):
        self.selector.register(sys.stdin, selectors.EVENT_READ)
        next_piece = time.monotonic()
        while True:
            for key, events in self.selector.select(0.05):
                if key.fileobj is sys.stdin:
                    word = sys.stdin.readline().strip()
                    if not word:
                        return
                    self.obey(word)
                elif key.fileobj in self.sockets:
                    if events & selectors.EVENT_WRITE:
                        self.send(key.fileobj, self.pending[key.fileobj])
                    if events & selectors.EVENT_READ:
                        self.read(key.fileobj)
            if time.monotonic() >= next_piece:
                next_piece = time.monotonic() + PACE
                for connection, kind in list(self.sockets.items()):
                    if kind in self.piece:
                        self.send(connection, self.piece[kind])


ENTRIES = b"".join(b'{"level":"info","message":"busy %d","service":"shop","status":200}\n' % number
                   for number in range(BUSY_ENTRIES))


@contextlib.contextmanager
def clients(server):
    """The other process; gives a function that tells it a word and returns what it answers."""
    command = [sys.executable, __file__, "--as-slow", server.host, str(server.port), server.key]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(word):
        process.stdin.write(word + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline() or outside.fail("the slow clients ended"))

    try:
        yield tell
        process.stdin.close()
        process.wait(30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


# The good client.

def good(server, seconds, least=200, statuses=(200,)):
    """Sends entries one after the other, so long and at least so many; returns the times in milliseconds."""
    connection, took = server.connection(), []
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(took) < least:
        began = time.perf_counter()
        status, content = server.ask("POST", "/api/v1/logs", f'{{"message":"good {len(took)}"}}', token=server.key,
                                     connection=connection)
        took.append((time.perf_counter() - began) * 1000)
        if status not in statuses:
            outside.fail(f"the good client was answered {status} {content[:300]!r}")
    connection.close()
    return took


def shares(times):
    return statistics.median(times), sorted(times)[int(len(times) * 0.99)]


def compare(name, quiet, beside):
    """Prints a round; returns its ratios of medians and of p99s, each to the limit, of which 1 is the most."""
    (quiet_p50, quiet_p99), (p50, p99) = shares(quiet), shares(beside)
    print(f"slow clients: {name}: quiet {len(quiet)} requests, p50 {quiet_p50:.2f} ms, p99 {quiet_p99:.2f} ms; "
          f"beside {len(beside)} requests, p50 {p50:.2f} ms, p99 {p99:.2f} ms; "
          f"{p50 / quiet_p50:.1f} and {p99 / quiet_p99:.1f} times", flush=True)
    return p50 / max(TIMES * quiet_p50, FLOOR_P50), p99 / max(TIMES * quiet_p99, FLOOR_P99), p99 / quiet_p99


def main():
    if sys.argv[1:2] == ["--as-slow"]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
        Slow(*sys.argv[2:]).run()
        return
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=1)
    options = options.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < FILES:
        outside.fail(f"no more than {most} files may be open")
    # For the processes that are started here.
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, most))
    settings = {
        "LOGAN_LIMITS__CONNECTIONS": "4000",
        "LOGAN_LIMITS__CONNECTIONS_PER_ADDRESS": "4000",
        "LOGAN_DISK__HIGH_MARK_FREE_BYTES": "1MiB",
        "LOGAN_RATES__INGEST": "1024MiB",
        "LOGAN_RATES__INGEST_BURST": "2048MiB",
    }
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder, outside.Server(folder, settings) as server:
        server.sign_up()
        with clients(server) as tell:
            sent = len(good(server, 1))
            before, rounds = good(server, options.seconds), []
            sent += len(before)
            for number in range(options.rounds):
                opened = tell("slow")
                # Once long enough that the server's deadlines pass: it must end the slow ones, and take others.
                is_last = number == options.rounds - 1
                beside = good(server, DEADLINES if is_last else 2 * options.seconds)
                seen = tell("close")
                after = good(server, options.seconds)
                sent += len(beside) + len(after)
                rounds.append(compare(f"round {number + 1}", before + after, beside))
                before = after
                if opened["open"] < ALL or seen["open"] < ALL or seen["refused"]:
                    outside.fail(f"not all slow connections were open: {opened}, {seen}")
            stored = server.query('"good" | stats count() as n')[0]["n"]
            tell("busy")
            time.sleep(0.5)
            busy = good(server, options.seconds, 30, (200, 429, 503))
            answers = tell("close")["answers"]
            control = compare(f"control, {BUSY} busy clients with {answers} answers", before, busy)
        server.stop()
    p50, p99, times = (statistics.median(column) for column in zip(*rounds))
    ended = seen["ended"]
    print(f"slow clients: {ALL} slow connections open, ended by the server: {ended['idle']} idle, {ended['head']} slow heads, "
          f"{ended['body']} slow bodies, none refused; p99 {times:.1f} times the quiet one, median of {len(rounds)} rounds; "
          f"{stored} of {sent} entries stored")
    if ended["head"] < SLOW_HEADS or ended["body"] < SLOW_BODIES:
        outside.fail("the server does not end slow connections")
    if stored != sent:
        outside.fail("not every acknowledged entry is there")
    if p50 > 1 or p99 > 1:
        outside.fail("slow clients slow the good one down")
    if max(control[:2]) <= 1:
        outside.fail("the control was not noticed, so the test proves nothing")


if __name__ == "__main__":
    main()
