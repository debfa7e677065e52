#!/usr/bin/env python3
"""What full_disk.sh runs on its small disk: full_disk.py FOLDER MARK"""
import json
import pathlib
import random
import sys
import time
import urllib.request

import outside

MIB = 1 << 20


def ready(server):
    try:
        with urllib.request.urlopen(f"http://{server.ops}/readyz", timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def main():
    folder, mark = pathlib.Path(sys.argv[1]), sys.argv[2]
    chance = random.Random(7)
    settings = {"LOGAN_DISK__HIGH_MARK_FREE_BYTES": mark}
    acknowledged, statuses = {}, {}
    number = 0

    def send(server, connection, size):
        nonlocal number
        number += 1
        body = "".join(json.dumps({"ts": "2026-11-23T05:00:00Z", "batch": number, "n": entry,
                                   "message": f"{chance.getrandbits(2048):x}"}) + "\n" for entry in range(size))
        status, content = server.ask("POST", "/api/v1/logs", body, token=server.key, connection=connection)
        statuses[status] = statuses.get(status, 0) + 1
        if status == 200:
            acknowledged[number] = size
        elif status != 507:
            outside.fail(f"{status} {content[:300]!r}")
        elif json.loads(content)["error"]["code"] != "disk_full":
            outside.fail(f"507 without its code: {content[:300]!r}")
        return status

    with outside.Server(folder, settings) as server:
        server.sign_up()
        connection = server.connection()
        ballast = folder / "ballast"
        # Room for some batches, and room that is given back later.
        ballast.write_bytes(bytes(24 * MIB))
        refused = 0
        while refused < 20:
            if number > 2000:
                outside.fail("the disk does not become full")
            # Large and small: a small one may still find room where a large one did not.
            refused += send(server, connection, chance.choice((1, 10, 200))) == 507
        before = len(acknowledged)
        if before == 0:
            outside.fail("nothing was acknowledged before the disk was full")
        status, reason = ready(server)
        if (status, b"disk_full" in reason) != (503, True):
            outside.fail(f"/readyz on a full disk: {status} {reason!r}")
        # Questions are answered all the same.
        found = server.query("* | stats count() as n")[0]["n"]
        if found != sum(acknowledged.values()):
            outside.fail(f"on the full disk {found} entries are found, {sum(acknowledged.values())} were acknowledged")
        ballast.unlink()
        began = time.monotonic()
        outside.until(10, "logs are taken again", lambda: send(server, connection, 10) == 200)
        again = time.monotonic() - began
        for _ in range(20):
            if send(server, connection, 20) != 200:
                outside.fail("logs are refused though there is room again")
        outside.until(10, "/readyz is green again", lambda: ready(server)[0] == 200)
        # Without a farewell: what was acknowledged must not need one.
        server.kill()
        outside.logan("db", "verify", "--db", server.store())
        output = outside.logan("query", "* | stats count() as n by batch", "-o", "json", "--db", server.store()).stdout
        stored = {row["batch"]: row["n"] for row in map(json.loads, output.splitlines())}
    if stored != acknowledged:
        lost = {key: value for key, value in acknowledged.items() if stored.get(key) != value}
        outside.fail(f"acknowledged and not stored so: {lost}; stored and not acknowledged: {stored.keys() - acknowledged.keys()}")
    print(f"full disk, mark {mark}: answers {statuses}, {before} batches acknowledged before, {len(acknowledged) - before} after; "
          f"0 lost, 0 of refused ones stored; taken again after {again:.2f} s, without a restart")


if __name__ == "__main__":
    main()
