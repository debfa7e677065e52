#!/usr/bin/env python3
"""Slow clients: 2,000 idle connections, 500 slow heads and 200 slow bodies do not slow a good client down.

  slow.py [--requests 1000]

A good client sends single entries one after the other, each on disk before its answer: first alone, then beside the
others, then alone again. Its p99 beside them is at most three times that of its quiet phases (but for 20 ms, below
which the machine decides). Slow connections are refilled when the server ends them, and it must end them.
"""
import argparse
import resource
import selectors
import socket
import statistics
import sys
import tempfile
import threading
import time

import outside

IDLE, SLOW_HEADS, SLOW_BODIES = 2000, 500, 200
# Pieces are sent this often: slower than any honest client, often enough to seem alive.
PACE = 0.5


class Slow(threading.Thread):
    """Keeps slow connections open, on one thread."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.ends, self.refused = server, 0, 0
        self.over, self.ready = threading.Event(), threading.Event()
        self.sockets = {}
        self.selector = selectors.DefaultSelector()

    def open(self, kind):
        try:
            connection = socket.create_connection((self.server.host, self.server.port), timeout=5)
            if kind == "head":
                connection.sendall(b"POST /api/v1/logs HTTP/1.1\r\nHost: logan\r\n")
            elif kind == "body":
                connection.sendall(f"POST /api/v1/logs HTTP/1.1\r\nHost: logan\r\nAuthorization: Bearer {self.server.key}\r\n"
                                   "Content-Length: 100000\r\n\r\n".encode())
        except OSError:
            self.refused += 1
            return
        connection.setblocking(False)
        self.sockets[connection] = kind
        self.selector.register(connection, selectors.EVENT_READ)

    def close(self, connection):
        self.selector.unregister(connection)
        del self.sockets[connection]
        connection.close()

    def run(self):
        for kind, count in (("idle", IDLE), ("head", SLOW_HEADS), ("body", SLOW_BODIES)):
            for _ in range(count):
                self.open(kind)
        self.ready.set()
        next_piece = time.monotonic()
        while not self.over.is_set():
            gone = []
            for key, _ in self.selector.select(0.05):
                try:
                    if not key.fileobj.recv(4096):
                        gone.append(key.fileobj)
                except OSError:
                    gone.append(key.fileobj)
            for connection in gone:
                kind = self.sockets[connection]
                self.close(connection)
                self.ends += 1
                self.open(kind)
            if time.monotonic() < next_piece:
                continue
            next_piece = time.monotonic() + PACE
            for connection, kind in list(self.sockets.items()):
                if kind == "idle":
                    continue
                try:
                    connection.send(b"x-slow: 1\r\n"[:3] if kind == "head" else b"{")
                except OSError:
                    # What the server did with it is read above.
                    pass
        for connection in list(self.sockets):
            self.close(connection)


def good(server, requests):
    """Sends entries one after the other; returns the times in milliseconds, sorted."""
    connection, took = server.connection(), []
    for number in range(requests):
        began = time.perf_counter()
        server.expect(200, "POST", "/api/v1/logs", f'{{"message":"good {number}"}}', token=server.key,
                      connection=connection)
        took.append((time.perf_counter() - began) * 1000)
    connection.close()
    return sorted(took)


def shares(times):
    return statistics.median(times), times[int(len(times) * 0.99)]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--requests", type=int, default=1000)
    requests = options.parse_args().requests
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < 8192:
        outside.fail(f"no more than {most} files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    settings = {
        "LOGAN_LIMITS__CONNECTIONS": "4000",
        "LOGAN_LIMITS__CONNECTIONS_PER_ADDRESS": "4000",
        "LOGAN_DISK__HIGH_MARK_FREE_BYTES": "1MiB",
    }
    with tempfile.TemporaryDirectory() as folder, outside.Server(folder, settings) as server:
        server.sign_up()
        good(server, requests // 4)
        before = good(server, requests)
        slow = Slow(server)
        slow.start()
        slow.ready.wait(60)
        opened = len(slow.sockets)
        beside = []
        # Long enough that the server's deadlines pass: it must end the slow ones, and take others.
        end = time.monotonic() + 15
        while time.monotonic() < end or len(beside) < requests:
            beside += good(server, 200)
        beside.sort()
        slow.over.set()
        slow.join()
        after = good(server, requests)
        stored = server.query("* | stats count() as n")[0]["n"]
        server.stop()
    sent = requests // 4 + len(before) + len(beside) + len(after)
    quiet = max(shares(before)[1], shares(after)[1])
    for name, times in (("alone", before), ("beside", beside), ("alone again", after)):
        print("slow clients: good client {}: {} requests, p50 {:.1f} ms, p99 {:.1f} ms".format(name, len(times), *shares(times)))
    print(f"slow clients: {opened} slow connections open, {slow.ends} ended by the server, {slow.refused} refused; "
          f"p99 {shares(beside)[1] / quiet:.1f} times the quiet one; {stored} of {sent} entries stored")
    if opened != IDLE + SLOW_HEADS + SLOW_BODIES:
        outside.fail("not all slow connections could be opened")
    if slow.ends < SLOW_HEADS:
        outside.fail("the server does not end slow connections")
    if stored != sent:
        outside.fail("not every acknowledged entry is there")
    if shares(beside)[1] > max(3 * quiet, 20):
        outside.fail("slow clients slow the good one down")
    sys.exit(0)


if __name__ == "__main__":
    main()
