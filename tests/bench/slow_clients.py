#!/usr/bin/env python3
"""What slow clients cost a good one: 99th percentile of its requests, quiet and beside them.

    logan serve --listen 127.0.0.1:7171        with LOGAN_LIMITS__CONNECTIONS=5000
                                               and LOGAN_LIMITS__CONNECTIONS_PER_ADDRESS=5000
    slow_clients.py http://127.0.0.1:7171 [/path of the good client] [/path that takes bodies] [authorization]

Slow clients connect anew when they are closed. Ends with 1 when the good client's 99th percentile rises above 3 times.
"""
import asyncio
import sys
import time
from urllib.parse import urlsplit

IDLE, HEADS, BODIES, REQUESTS = 2000, 500, 200, 3000


async def slow(host, port, first, drip, counts, kind):
    while True:
        try:
            reader, writer = await asyncio.open_connection(host, port)
            counts[kind] += 1
            try:
                writer.write(first)
                await writer.drain()
                closed = asyncio.ensure_future(reader.read())
                while not closed.done():
                    await asyncio.wait([closed], timeout=2)
                    if drip and not closed.done():
                        writer.write(drip)
                        await writer.drain()
            finally:
                counts[kind] -= 1
                counts["closed"] += 1
                writer.close()
        except OSError:
            pass
        await asyncio.sleep(1)


async def good(host, port, path):
    ask = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection(host, port)
    times = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        writer.write(ask)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        await reader.readexactly(length)
        times.append(time.perf_counter() - began)
        await asyncio.sleep(0.001)
    writer.close()
    times.sort()
    return times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000


async def main():
    url = urlsplit(sys.argv[1])
    path, sink, who = (sys.argv[2:] + ["/docs", "/api/v1/logs", ""][len(sys.argv) - 2:])[:3]
    quiet = await good(url.hostname, url.port, path)
    counts = {"idle": 0, "heads": 0, "bodies": 0, "closed": 0}
    authorization = f"Authorization: {who}\r\n" if who else ""
    post = f"POST {sink} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Type: application/x-ndjson\r\nContent-Length: 1000000\r\n\r\n"
    kinds = [("idle", IDLE, b"", b""), ("heads", HEADS, b"GET / HTTP/1.1\r\nHo", b"x"), ("bodies", BODIES, post.encode(), b"x")]
    crowd = [asyncio.ensure_future(slow(url.hostname, url.port, first, drip, counts, kind))
             for kind, count, first, drip in kinds for _ in range(count)]
    await asyncio.sleep(5)
    there = dict(counts)
    beside = await good(url.hostname, url.port, path)
    for client in crowd:
        client.cancel()
    print(f"quiet   p50 {quiet[0]:.2f} ms  p99 {quiet[1]:.2f} ms")
    print(f"crowded p50 {beside[0]:.2f} ms  p99 {beside[1]:.2f} ms  ({there}, closed by now: {counts['closed']})")
    return 1 if beside[1] > 3 * quiet[1] else 0


sys.exit(asyncio.run(main()))
