#!/usr/bin/env python3
"""Power cuts, replayed on the real server: what it acknowledged survives when all that was not yet synced is lost.

  powercut.py [--images 540] [--seed 1] [--batches 120]

1. The server runs under strace while a client makes keys and sends batches, one after the other. Each request has an
   X-Request-Id of its own, which the server repeats in its answer: the write to the socket that holds it, with status
   200 or 201, is the moment of the acknowledgement, in the order of the trace.
2. For random points of the trace the files are rebuilt: what was synced is there; of the writes after it none (drop),
   a random part (random), or pieces of 512 bytes of them (torn).
3. Each image is opened by `logan`: `db verify`, then all entries; control.db by SQLite. An acknowledged entry or key
   that is missing is lost; a batch of which a part is there is partial; what cannot be opened is corrupt; an entry
   that is there twice is doubled. All must be 0.
4. The same once more with syncs that do nothing (`strace -e inject=fdatasync,fsync:retval=0`): this control must lose
   something, or the test proves nothing.

Not modelled: creating, deleting and renaming files, which SQLite's own directory syncs are for; shared memory (-shm)
is never kept. Needs strace, and the right to trace.
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import sys
import tempfile

import outside

CALL = re.compile(r"^(\d+)\s+(\w+)\((.*)\)\s+= (-?\d+)")
UNFINISHED = re.compile(r"^(\d+)\s+(.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"^(\d+)\s+<\.\.\. \w+ resumed>(.*)$")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
TRACED = "openat,close,pwrite64,pwritev,write,writev,sendto,sendmsg,ftruncate,fdatasync,fsync,unlink,rename,mmap"
MODES = ("drop", "random", "torn")
# A batch's entries; some are large enough to make overflow pages, and blocks of their own.
SIZES = (1, 3, 20, 200, 1000)


def calls(path):
    """The finished calls in the order in which they ended, each as (call, arguments, result)."""
    begun = {}
    with open(path, errors="replace") as trace:
        for line in trace:
            line = line.rstrip("\n")
            if match := UNFINISHED.match(line):
                begun[match[1]] = match[2]
                continue
            if match := RESUMED.match(line):
                line = f"{match[1]} {begun.pop(match[1])}{match[2]}"
            if match := CALL.match(line):
                yield match[2], match[3], int(match[4])


def texts(arguments):
    return b"".join(bytes.fromhex(found.replace("\\x", "")) for found in TEXT.findall(arguments))


class File:
    """What is on the disk, and what was written since the last sync."""

    def __init__(self):
        self.kept, self.waiting = bytearray(), []

    def sync(self):
        for step in self.waiting:
            apply(self.kept, step)
        self.waiting = []

    def image(self, mode, chance):
        content = bytearray(self.kept)
        for offset, data in self.waiting:
            if mode == "drop" or chance.random() < 0.45:
                continue
            if mode == "torn" and data is not None and len(data) >= 512:
                data = data[: chance.randrange(0, len(data) + 1, 512)]
            apply(content, (offset, data))
        return bytes(content)


def apply(content, step):
    offset, data = step
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset + len(data) - len(content))))
    content[offset:offset + len(data)] = data


def run(folder, batches, is_control, seed):
    """Runs the server under strace; returns the trace, the org and what was sent by request id."""
    chance = random.Random(seed)
    trace = folder / "trace"
    before = ["strace", "-f", "-xx", "-s", "1000000", "-o", str(trace), "-e", f"trace={TRACED}", "-e", "signal=none"]
    if is_control:
        # The calls are not made, and say that they were.
        before += ["-e", "inject=fdatasync,fsync:retval=0"]
    sent = {}
    with outside.Server(folder, {"LOGAN_DISK__HIGH_MARK_FREE_BYTES": "1MiB"}, before=before) as server:
        server.sign_up()
        connection = server.connection(120)
        for number in range(batches):
            name = f"power-{number}"
            if number % 10 == 9:
                body, path, token = {"name": name, "scope": "query"}, "/api/v1/keys", server.token
                wanted, what = 201, ("key", name)
            else:
                size = chance.choice(SIZES)
                body = "".join(json.dumps({"ts": "2026-11-23T05:00:00Z", "id": f"{number}-{entry}",
                                           "message": f"{chance.getrandbits(128):x}"}) + "\n" for entry in range(size))
                path, token, wanted, what = "/api/v1/logs", server.key, 200, ("batch", number, size)
            sent[name] = what
            status, content = server.ask("POST", path, body, token=token, connection=connection,
                                         headers={"X-Request-Id": name, "Idempotency-Key": name})
            if status != wanted:
                outside.fail(f"{what}: {status} {content[:300]!r}")
        org = server.org
        # The last answer may be here before strace has seen the end of its write, and a killed call has no result: the
        # connection takes another request when that write has ended.
        server.expect(200, "GET", "/api/v1/users/me", connection=connection)
        server.kill()
    return trace, org, sent


class Checker:
    """Opens images and compares them with what was acknowledged."""

    def __init__(self, org, sent, folder):
        self.store, self.sent, self.folder = f"{org}.db", sent, folder
        self.found = dict(images=0, lost=0, partial=0, doubled=0, corrupt=0, keys_lost=0)
        self.examples = []

    def tell(self, kind, what):
        self.found[kind] += 1
        if len(self.examples) < 5:
            self.examples.append(f"{kind}: {what}")

    def check(self, files, acknowledged):
        self.found["images"] += 1
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        try:
            for name, content in files.items():
                (folder / name).write_bytes(content)
            self.entries(folder / self.store, [self.sent[name] for name in acknowledged])
            self.keys(folder / "control.db", [self.sent[name] for name in acknowledged])
        finally:
            shutil.rmtree(folder)

    def entries(self, path, acknowledged):
        batches = {what[1]: what[2] for what in acknowledged if what[0] == "batch"}
        found = {}
        if path.exists() and (path.stat().st_size > 0 or pathlib.Path(f"{path}-wal").exists()):
            verified = outside.logan("db", "verify", "--db", path, check=False)
            asked = outside.logan("query", "*", "-o", "json", "--fields", "id", "--db", path, check=False)
            if verified.returncode != 0 or asked.returncode != 0:
                # A file that was just being made holds nothing yet, and is no store.
                if batches or not_a_store(path):
                    self.tell("corrupt", f"{verified.stderr.strip()} {asked.stderr.strip()}"[:400])
                return
            for line in asked.stdout.splitlines():
                batch, entry = map(int, json.loads(line)["id"].split("-"))
                entries = found.setdefault(batch, {})
                entries[entry] = entries.get(entry, 0) + 1
        sizes = {what[1]: what[2] for what in self.sent.values() if what[0] == "batch"}
        if missing := [batch for batch in batches if batch not in found]:
            self.tell("lost", f"batches {missing[:5]} of {len(batches)} acknowledged")
        if partial := [batch for batch, entries in found.items() if len(entries) != sizes[batch]]:
            self.tell("partial", f"batches {partial[:5]}")
        if any(count > 1 for entries in found.values() for count in entries.values()):
            self.tell("doubled", "an entry is there twice")

    def keys(self, path, acknowledged):
        names = {what[1] for what in acknowledged if what[0] == "key"}
        if not path.exists():
            if acknowledged:
                self.tell("keys_lost", "no control.db")
            return
        try:
            with sqlite3.connect(path) as store:
                if store.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                    self.tell("corrupt", "control.db: integrity check")
                    return
                tables = {row[0] for row in store.execute("SELECT name FROM sqlite_schema")}
                kept = {row[0] for row in store.execute("SELECT name FROM keys")} if "keys" in tables else set()
                users = store.execute("SELECT count(*) FROM users").fetchone()[0] if "users" in tables else 0
            store.close()
        except sqlite3.DatabaseError as error:
            self.tell("corrupt", f"control.db: {error}")
            return
        if names - kept or (acknowledged and users != 1):
            self.tell("keys_lost", f"{sorted(names - kept)[:5]}, {users} accounts")


def not_a_store(path):
    """True when SQLite itself cannot read the file."""
    try:
        with sqlite3.connect(path) as store:
            return store.execute("PRAGMA integrity_check").fetchall() != [("ok",)]
    except sqlite3.DatabaseError:
        return True


def replay(trace, org, sent, images, chance, folder, has_syncs):
    """Rebuilds the files at random points of the trace and checks them."""
    steps = {"pwrite64", "ftruncate", "fdatasync", "fsync"}
    names = {f"{base}{ending}" for base in (f"{org}.db", "control.db") for ending in ("", "-wal", "-journal")}
    files, open_files, acknowledged, syncs, mapped = {}, {}, [], 0, 0
    checker = Checker(org, sent, folder)
    # Twice: once to count the points, of which some are then chosen.
    total = sum(1 for call, _, result in calls(trace) if call in steps and result >= 0)
    wanted = set(chance.sample(range(total), min(total, -(-images // len(MODES)))))
    index = 0
    for call, arguments, result in calls(trace):
        if result < 0:
            continue
        if call == "openat":
            path = pathlib.Path(os.fsdecode(texts(arguments)))
            open_files.pop(result, None)
            if path.name in names and "O_DIRECTORY" not in arguments:
                open_files[result] = path.name
                files.setdefault(path.name, File())
            continue
        if call == "close":
            open_files.pop(int(arguments), None)
            continue
        if call == "mmap":
            parts = arguments.split(", ")
            mapped += "PROT_WRITE" in parts[2] and "MAP_SHARED" in parts[3] and int(parts[4]) in open_files
            continue
        if call in ("unlink", "rename"):
            files.pop(pathlib.Path(os.fsdecode(texts(arguments))).name, None)
            continue
        number = int(arguments.split(",")[0])
        if call in ("write", "writev", "sendto", "sendmsg"):
            answer = texts(arguments)
            if answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
                name = re.search(rb"x-request-id: (\S+)", answer, re.I)
                if name and name[1].decode() in sent:
                    acknowledged.append(name[1].decode())
            elif number in open_files:
                outside.fail(f"{open_files[number]} is written by {call}, which this test does not replay")
            continue
        if call == "pwritev" and number in open_files:
            outside.fail(f"{open_files[number]} is written by {call}, which this test does not replay")
        if call not in steps:
            continue
        file = files.get(open_files.get(number))
        if file is not None:
            if call == "pwrite64":
                # What was asked to be written, and what of it was.
                file.waiting.append((int(arguments.rsplit(",", 1)[1]), texts(arguments)[:result]))
            elif call == "ftruncate":
                file.waiting.append((int(arguments.split(",")[1]), None))
            else:
                syncs += 1
                # The control's begin to do nothing once there is something to lose.
                if has_syncs or not acknowledged:
                    file.sync()
        if index in wanted:
            for mode in MODES:
                checker.check({name: file.image(mode, chance) for name, file in files.items()}, acknowledged)
        index += 1
    if mapped:
        outside.fail("a store is written through memory, which this test does not replay")
    if len(acknowledged) != len(sent):
        outside.fail(f"{len(acknowledged)} acknowledgements are in the trace, {len(sent)} were received")
    checker.found |= {"calls": total, "syncs": syncs, "acknowledged": len(acknowledged)}
    return checker


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--images", type=int, default=540)
    options.add_argument("--control-images", type=int, default=60)
    options.add_argument("--batches", type=int, default=120)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    if not shutil.which("strace"):
        outside.fail("strace is not there")
    images_in = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    good = True
    for is_control in (False, True):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(dir=images_in) as images_folder:
            trace, org, sent = run(pathlib.Path(folder), options.batches, is_control, options.seed)
            images = options.control_images if is_control else options.images
            checker = replay(trace, org, sent, images, random.Random(options.seed), pathlib.Path(images_folder),
                             not is_control)
        found = checker.found
        violations = sum(found[kind] for kind in ("lost", "partial", "doubled", "corrupt", "keys_lost"))
        print(f"power cuts{', control without syncs' if is_control else ''}: {found}", flush=True)
        for example in checker.examples:
            print(f"  {example}")
        if is_control and found["lost"] == 0:
            print("FAILED: the control run lost nothing, so the test proves nothing")
            good = False
        if not is_control and (violations or found["images"] < options.images or found["syncs"] == 0):
            print("FAILED: acknowledged data was lost, or too little was tested")
            good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
