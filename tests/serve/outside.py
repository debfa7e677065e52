"""What the Python tests of this folder share: a server as a process, and HTTP by the standard library.

The binary is LOGAN_BIN, or target/release/logan. The server has settings by variables and a configuration file only, a
data folder of its own, ports of the system's choice, and is stopped by its process id.
"""
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.parse

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
LOGAN = pathlib.Path(os.environ.get("LOGAN_BIN", REPOSITORY / "target/release/logan")).resolve()
PASSWORD = "seven herons wade upstream"

# As fast as they come: how often somebody may ask is tested elsewhere.
FAST = {
    "LOGAN_RATES__KEY__PER_SECOND": "1000000",
    "LOGAN_RATES__KEY__BURST": "1000000",
    "LOGAN_RATES__ADDRESS__PER_SECOND": "1000000",
    "LOGAN_RATES__ADDRESS__BURST": "1000000",
    "LOGAN_AUTH__ACCESS": "60m",
}


def fail(what):
    sys.exit(f"FAILED: {what}")


class Server:
    """A server that runs until `stop` or `kill`; also a context that kills it when it is left on an error."""

    def __init__(self, folder, settings=None, config=None, before=(), after_fork=None):
        self.folder = pathlib.Path(folder)
        self.log = self.folder / "server.log"
        command = [*before, str(LOGAN), "serve", "--data", str(self.folder / "data"), "--listen", "127.0.0.1:0",
                   "--ops-listen", "127.0.0.1:0", "--log-level", "warn"]
        if config is not None:
            (self.folder / "logan.toml").write_text(config)
            command += ["--config", str(self.folder / "logan.toml")]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **FAST, **(settings or {})}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=after_fork)
        line = self.process.stdout.readline()
        if not line.startswith("listening on http://"):
            fail(f"the server did not start: {line!r} {self.log.read_text()[-2000:]}")
        self.address = line.split("http://")[1].split(",")[0]
        self.host, port = self.address.split(":")
        self.port = int(port)
        self.ops = line.split("metrics at http://")[1].split("/")[0]
        self.org = self.token = self.key = None

    def __enter__(self):
        return self

    def __exit__(self, kind, _error, _trace):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind is not None and self.log.exists():
            sys.stderr.write("the end of the server's log:\n" + self.log.read_text()[-3000:] + "\n")

    def server_process_id(self):
        """The server's own id, when a tracer started it."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else self.process.pid

    def stop(self):
        os.kill(self.server_process_id(), signal.SIGTERM)
        if self.process.wait(60) != 0:
            fail(f"the server ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")

    def kill(self):
        os.kill(self.server_process_id(), signal.SIGKILL)
        self.process.wait(60)

    def connection(self, timeout=30):
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def ask(self, method, path, body=None, token=None, headers=None, connection=None):
        """Returns the status and the body as bytes."""
        own = connection or self.connection()
        headers = dict(headers or {})
        if token is None:
            token = self.token
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        own.request(method, path, body, headers)
        answer = own.getresponse()
        content = answer.read()
        if connection is None:
            own.close()
        return answer.status, content

    def expect(self, wanted, method, path, body=None, **others):
        status, content = self.ask(method, path, body, **others)
        if status != wanted:
            fail(f"{method} {path}: {status} instead of {wanted}: {content[:500]!r}")
        return json.loads(content) if content else None

    def sign_up(self, email="somebody@example.org"):
        """Makes an account with an org of its own; sets `org`, `token` and `key`, which may send logs."""
        self.expect(201, "POST", "/api/v1/users", {"email": email, "password": PASSWORD, "org": "herons"}, token="")
        login = self.expect(200, "POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD}, token="")
        self.token, self.org = login["access_token"], login["org"]["id"]
        self.key = self.expect(201, "POST", "/api/v1/keys", {"name": "logs", "scope": "ingest"})["key"]

    def query(self, query, **others):
        """Asks a question; returns the rows, or the entries."""
        parameters = urllib.parse.urlencode({"query": query, **others})
        answer = self.expect(200, "GET", f"/api/v1/query?{parameters}")
        if answer["truncated"]:
            fail(f"{query}: the answer was cut by {answer['truncated_by']}")
        return answer["rows"] if "rows" in answer else answer["entries"]

    def store(self):
        return self.folder / "data" / "orgs" / f"{self.org}.db"


def logan(*arguments, check=True):
    """Runs the command line; returns what it prints."""
    done = subprocess.run([str(LOGAN), *map(str, arguments)], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        fail(f"logan {' '.join(map(str, arguments))}: {done.returncode} {done.stderr}")
    return done


def until(seconds, what, condition):
    """Asks again and again, until it is so."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            fail(f"not within {seconds} s: {what}")
        time.sleep(0.1)
