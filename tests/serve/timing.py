#!/usr/bin/env python3
"""Can log-ins of known and unknown users be told apart by their time?

  timing.py [COUNT]

Starts a server, signs somebody up, then tries COUNT (300) log-ins with a wrong password for them and as many for users
who do not exist, taking turns in random order over one connection. Prints medians and the Mann-Whitney test; fails when
p < 0.001.
"""

import json
import math
import random
import secrets
import statistics
import sys
import tempfile
import time

import outside


def mann_whitney(first, second):
    """The two-sided p of both being drawn from the same, by the normal approximation with ties."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks, ties, at = 0.0, 0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        rank, size = (at + 1 + end) / 2, end - at
        ranks += rank * sum(1 for _, group in ranked[at:end] if group == 0)
        ties += size**3 - size
        at = end
    n, m = len(first), len(second)
    u = ranks - n * (n + 1) / 2
    total = n + m
    spread = math.sqrt(n * m / 12 * (total + 1 - ties / (total * (total - 1))))
    z = (u - n * m / 2) / spread
    return u / (n * m), math.erfc(abs(z) / math.sqrt(2))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    # As often as it likes: limits of log-ins are tested elsewhere.
    settings = {f"LOGAN_RATES__{name}": "1000000" for name in (
        "LOGIN_ADDRESS_PER_MINUTE", "LOGIN_ACCOUNT_PER_MINUTE", "LOGINS_PER_SECOND")}
    with tempfile.TemporaryDirectory() as folder, outside.Server(folder, settings) as server:
        share, p = measure(server.connection(), count)
        server.stop()
    print(f"login timing: Mann-Whitney: a known user takes longer in {share:.1%} of pairs, p = {p:.3f}")
    if p < 0.001:
        outside.fail("known and unknown users can be told apart by the time their log-ins take")


def measure(connection, count):
    """Takes turns; returns the result of the Mann-Whitney test."""
    def post(path, body):
        text = json.dumps(body)
        began = time.perf_counter_ns()
        connection.request("POST", path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        return answer.status, (time.perf_counter_ns() - began) / 1e6, said

    domain = secrets.token_hex(4) + ".example"
    known = [f"known{number:04}@{domain}" for number in range(3)]
    for email in known:
        status, _, said = post("/api/v1/users", {"email": email, "password": "seven herons wade upstream"})
        assert status == 201, said
    turns = [True] * count + [False] * count
    random.shuffle(turns)
    took = {True: [], False: []}
    for warm in range(20):
        post("/api/v1/auth/login", {"email": f"warmup{warm:03}@{domain}", "password": "not the password"})
    for number, is_known in enumerate(turns):
        # As long as each other, so that the requests are.
        email = random.choice(known) if is_known else f"other{number:04}@{domain}"
        status, milliseconds, said = post("/api/v1/auth/login", {"email": email, "password": "not the password"})
        assert status == 401, said
        took[is_known].append(milliseconds)
    for name, times in (("known", took[True]), ("unknown", took[False])):
        deciles = statistics.quantiles(times, n=10)
        print(f"login timing: {name:8} n={len(times)} median {statistics.median(times):.3f} ms"
              f"  p10 {deciles[0]:.3f}  p90 {deciles[8]:.3f}")
    return mann_whitney(took[True], took[False])


if __name__ == "__main__":
    main()
