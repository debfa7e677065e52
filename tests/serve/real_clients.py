#!/usr/bin/env python3
"""Real clients: each delivers its lines, all are found by query, none twice.

  real_clients.py [--lines 10000] [--tools FOLDER] [--install] [NAME…]

elasticsearch (bulk helper), opentelemetry-sdk with the OTLP/HTTP exporter (protobuf), python-logging-loki (JSON), Loki's
protobuf packed by snappy (by the libraries: there is no client for Python), pino with pino-loki (npm), rsyslog over TCP
with newlines, over TCP with octet counts, and over UDP, and logger over TCP and UDP. Needs rsyslogd, logger, node and
npm; the packages go into --tools (by default a folder that is kept between runs), and with --install that is all.
rsyslogd runs with a configuration and a working folder of its own and is stopped by its process id.
"""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import outside

HERE = pathlib.Path(__file__).resolve().parent
NPM = ["pino@10.4.0", "pino-loki@3.0.0"]
PROBE = re.compile(r"probe ([a-z-]+) line (\d+)")
# rsyslog and logger over UDP: what the socket's buffer holds.
PAUSE_MICROS = 200


# The clients of the virtual environment: run by its Python, as `real_clients.py --as NAME URL KEY LINES`.

def elasticsearch(url, key, lines):
    from elasticsearch import Elasticsearch, helpers
    client = Elasticsearch(url, basic_auth=("logan", key), request_timeout=60)
    entries = ({"_index": "shop", "_op_type": "create",
                "_source": {"@timestamp": "2026-11-23T05:00:00.000Z", "message": f"probe elasticsearch line {line}",
                            "log": {"level": "info"}, "n": line}} for line in range(lines))
    stored, errors = helpers.bulk(client, entries, chunk_size=500, raise_on_error=True)
    assert (stored, errors) == (lines, []), (stored, errors)


def opentelemetry(url, key, lines):
    import logging
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource
    logging.basicConfig(level=logging.WARNING)
    provider = LoggerProvider(resource=Resource.create({"service.name": "shop"}))
    exporter = OTLPLogExporter(endpoint=f"{url}/v1/logs", headers={"Authorization": f"Bearer {key}"},
                               compression=Compression.Gzip, timeout=60)
    # A queue that holds them all: the SDK drops what does not fit.
    provider.add_log_record_processor(BatchLogRecordProcessor(
        exporter, max_queue_size=lines + 1, max_export_batch_size=512, schedule_delay_millis=200))
    logger = provider.get_logger("probe")
    for line in range(lines):
        logger.emit(LogRecord(timestamp=time.time_ns(), severity_number=SeverityNumber.INFO, severity_text="INFO",
                              body=f"probe opentelemetry line {line}", attributes={"n": line}))
    assert provider.force_flush(120_000)
    provider.shutdown()


def loki_json(url, key, lines):
    import logging
    import logging_loki
    handler = logging_loki.LokiHandler(url=f"{url}/loki/api/v1/push", tags={"app": "shop"}, auth=("logan", key),
                                       version="1")
    # By default an error is swallowed.
    handler.handleError = lambda record: sys.exit(f"not delivered: {record.getMessage()}: {sys.exc_info()[1]}")
    logger = logging.getLogger("probe")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    for line in range(lines):
        logger.info("probe loki-json line %d", line)


def loki_protobuf(url, key, lines):
    import requests
    import snappy
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    kind = descriptor_pb2.FieldDescriptorProto

    def message(name, *fields):
        made = descriptor_pb2.DescriptorProto(name=name)
        for number, (field, of, repeated) in enumerate(fields, 1):
            own = made.field.add(name=field, number=number, label=3 if repeated else 1)
            if isinstance(of, str):
                own.type, own.type_name = kind.TYPE_MESSAGE, f".logproto.{of}"
            else:
                own.type = of
        return made

    # grafana/loki, pkg/push/push.proto
    file = descriptor_pb2.FileDescriptorProto(name="push.proto", package="logproto", syntax="proto3")
    file.message_type.extend([
        message("Timestamp", ("seconds", kind.TYPE_INT64, False), ("nanos", kind.TYPE_INT32, False)),
        message("LabelPairAdapter", ("name", kind.TYPE_STRING, False), ("value", kind.TYPE_STRING, False)),
        message("EntryAdapter", ("timestamp", "Timestamp", False), ("line", kind.TYPE_STRING, False),
                ("structuredMetadata", "LabelPairAdapter", True)),
        message("StreamAdapter", ("labels", kind.TYPE_STRING, False), ("entries", "EntryAdapter", True)),
        message("PushRequest", ("streams", "StreamAdapter", True)),
    ])
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    push = message_factory.GetMessageClass(pool.FindMessageTypeByName("logproto.PushRequest"))
    session = requests.Session()
    for first in range(0, lines, 500):
        request = push()
        stream = request.streams.add(labels='{app="shop", env="test"}')
        for line in range(first, min(lines, first + 500)):
            entry = stream.entries.add(line=f"probe loki-protobuf line {line}")
            entry.timestamp.seconds, entry.timestamp.nanos = 1_795_410_000, line
            entry.structuredMetadata.add(name="trace", value=f"t{line}")
        answer = session.post(f"{url}/loki/api/v1/push", data=snappy.compress(request.SerializeToString()), timeout=60,
                              headers={"Content-Type": "application/x-protobuf", "Authorization": f"Bearer {key}"})
        assert answer.status_code == 204, (answer.status_code, answer.text)


INSIDE = {"elasticsearch": elasticsearch, "opentelemetry": opentelemetry, "loki-json": loki_json,
          "loki-protobuf": loki_protobuf}


# The others: run by this script.

def must(command, **others):
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, **others)
    if done.returncode != 0:
        outside.fail(f"{command[0]}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-3000:]}")


def rsyslog(folder, lines, ports):
    """rsyslogd reads three files and forwards each another way."""
    folder = folder / "rsyslog"
    (folder / "work").mkdir(parents=True)
    ways = {
        "rsyslog-tcp": f'port="{ports["tcp"]}" protocol="tcp" template="RSYSLOG_TraditionalForwardFormat"',
        "rsyslog-octets": f'port="{ports["tcp"]}" protocol="tcp" template="RSYSLOG_SyslogProtocol23Format" '
                          'TCP_Framing="octet-counted"',
        "rsyslog-udp": f'port="{ports["udp"]}" protocol="udp" template="RSYSLOG_SyslogProtocol23Format" '
                       f'queue.dequeueSlowdown="{PAUSE_MICROS}"',
    }
    configuration = [f'global(workDirectory="{folder}/work")', 'module(load="imfile")']
    for name, way in ways.items():
        path = folder / f"{name}.log"
        path.write_text("".join(f"probe {name} line {line}\n" for line in range(lines)))
        # A queue that holds them all.
        configuration += [
            f'ruleset(name="{name}") {{ action(type="omfwd" target="127.0.0.1" {way} queue.type="LinkedList" '
            f'queue.size="{lines + 1000}" action.resumeRetryCount="-1") }}',
            f'input(type="imfile" File="{path}" Tag="shop:" Facility="local0" Severity="info" ruleset="{name}")',
        ]
    (folder / "rsyslog.conf").write_text("\n".join(configuration) + "\n")
    with open(folder / "rsyslogd.log", "w") as log:
        return subprocess.Popen(["rsyslogd", "-n", "-f", folder / "rsyslog.conf", "-i", folder / "rsyslogd.pid"],
                                stdout=log, stderr=log), list(ways)


def logger(folder, lines, ports):
    for way, arguments in (("tcp", ["--tcp", "--octet-count"]), ("udp", ["--udp"])):
        path = folder / f"logger-{way}.log"
        path.write_text("".join(f"probe logger-{way} line {line}\n" for line in range(lines)))
        command = ["logger", "--server", "127.0.0.1", "--port", str(ports[way]), "--rfc5424", "--tag", "shop", *arguments]
        if way == "tcp":
            must([*command, "--file", str(path)])
            continue
        # Paced by its input: it sends each line as it comes.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, bufsize=1)
        for number, line in enumerate(path.read_text().splitlines(keepends=True)):
            process.stdin.write(line)
            if number % 50 == 49:
                time.sleep(50 * PAUSE_MICROS / 1e6)
        process.stdin.close()
        if process.wait(60) != 0:
            outside.fail(f"logger ended with {process.returncode}")


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as own:
        own.bind(("127.0.0.1", 0))
        return own.getsockname()[1]


def tools(folder):
    """Installs the clients where they are not yet; returns the Python of the virtual environment."""
    wanted = hashlib.sha256((HERE / "requirements.txt").read_bytes() + repr(NPM).encode()).hexdigest()
    mark, python = folder / "installed", folder / "venv/bin/python"
    if mark.exists() and mark.read_text() == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "npm").mkdir(parents=True)
    must([sys.executable, "-m", "venv", str(folder / "venv")])
    must([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement",
          str(HERE / "requirements.txt")])
    must(["npm", "install", "--prefix", str(folder / "npm"), "--no-fund", "--no-audit", "--ignore-scripts",
          "--save-exact", *NPM])
    mark.write_text(wanted)
    return python


def found(server, name, lines):
    """Asks for the lines of one client over HTTP; returns how often each is there."""
    parameters = urllib.parse.urlencode({"query": f'"probe {name} line"', "format": "ndjson", "limit": 3 * lines})
    status, content = server.ask("GET", f"/api/v1/query?{parameters}")
    if status != 200:
        outside.fail(f"query: {status} {content[:300]!r}")
    counts = collections.Counter()
    for line in content.decode().splitlines():
        match = PROBE.search(line)
        if match is None or match[1] != name:
            outside.fail(f"{name}: not a line of it: {line[:300]}")
        counts[int(match[2])] += 1
    return counts


def main():
    if sys.argv[1:2] == ["--as"]:
        INSIDE[sys.argv[2]](sys.argv[3], sys.argv[4], int(sys.argv[5]))
        return
    options = argparse.ArgumentParser()
    options.add_argument("--lines", type=int, default=10_000)
    options.add_argument("--tools", type=pathlib.Path, default=outside.REPOSITORY / "target/real-clients")
    options.add_argument("--install", action="store_true", help="install the clients and end")
    options.add_argument("names", nargs="*", help="elasticsearch, opentelemetry, loki-json, loki-protobuf, pino, rsyslog, logger")
    options = options.parse_args()
    lines, wanted = options.lines, options.names or [*INSIDE, "pino", "rsyslog", "logger"]
    for program in ("rsyslogd", "logger", "node", "npm"):
        if shutil.which(program) is None:
            outside.fail(f"{program} is not there")
    folder = options.tools.absolute()
    python = tools(folder)
    if options.install:
        return
    for name in ("pino_loki.mjs",):
        shutil.copy(HERE / name, folder / "npm" / name)
    settings = {"LOGAN_QUERY__ROWS": "1000000", "LOGAN_QUERY__RESULT": "1024MiB", "LOGAN_QUERY__TIME": "60s"}
    ports = {"tcp": free_port(socket.SOCK_STREAM), "udp": free_port(socket.SOCK_DGRAM)}
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        with outside.Server(work, settings) as first:
            first.sign_up()
            first.stop()
        # The listeners belong to the org, which is known now.
        config = "".join(f'[[syslog]]\nlisten = "127.0.0.1:{port}"\nprotocol = "{way}"\norg = "{first.org}"\n'
                         for way, port in ports.items())
        with outside.Server(work, settings, config) as server:
            server.token, server.key, server.org = first.token, first.key, first.org
            url = f"http://{server.address}"
            names, daemon, took = [], None, {}
            try:
                for client in wanted:
                    began = time.monotonic()
                    if client in INSIDE:
                        must([str(python), __file__, "--as", client, url, server.key, str(lines)])
                        names.append(client)
                    elif client == "pino":
                        must(["node", "pino_loki.mjs", url, server.key, str(lines)], cwd=folder / "npm")
                        names.append("pino")
                    elif client == "rsyslog":
                        daemon, ways = rsyslog(work, lines, ports)
                        names += ways
                    elif client == "logger":
                        logger(work, lines, ports)
                        names += ["logger-tcp", "logger-udp"]
                    else:
                        outside.fail(f"no client {client}")
                    took[client] = time.monotonic() - began
                # What nobody answers is on its way a little longer.
                unanswered = [name for name in names if name.startswith(("rsyslog", "logger"))]
                end = time.monotonic() + 60
                while time.monotonic() < end and any(len(found(server, name, lines)) < lines for name in unanswered):
                    time.sleep(1)
            finally:
                if daemon is not None:
                    daemon.terminate()
                    daemon.wait(60)
            good = True
            for name in names:
                counts = found(server, name, lines)
                missing = lines - len(set(counts) & set(range(lines)))
                twice = sum(count > 1 for count in counts.values())
                seconds = f", {took[name]:.1f} s" if name in took else ""
                print(f"real clients: {name}: {len(counts)} of {lines} lines found, {missing} missing, {twice} twice{seconds}")
                good = good and missing == 0 and twice == 0 and len(counts) == lines
            if not good:
                # Whether it was the system or the server that could not hold them.
                with urllib.request.urlopen(f"http://{server.ops}/metrics", timeout=10) as metrics:
                    said = [line for line in metrics.read().decode().splitlines() if line.startswith("logan_syslog")]
                sockets = pathlib.Path("/proc/net/udp").read_text().splitlines()
                dropped = [line.split()[-1] for line in sockets if f":{ports['udp']:04X} " in line]
                print(f"real clients: the server dropped {said}, the system dropped {dropped} datagrams")
            status, rejects = server.ask("GET", "/api/v1/rejects?limit=5")
            if status != 200 or json.loads(rejects)["rejects"]:
                print(f"real clients: rejects: {rejects[:1000]!r}")
                good = False
            server.stop()
    if not good:
        outside.fail("lines are missing, or there twice")


if __name__ == "__main__":
    main()
