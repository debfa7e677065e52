"""Who schemathesis is, for schemathesis.sh: the owner of an org, or an admin key of it.

Operations that end the session, or the org, of whoever asks are asked by somebody new each time.
"""

import itertools
import json
import os
import secrets
import urllib.request

import schemathesis

URL = os.environ["LOGAN_URL"]
AS = os.environ["LOGAN_AS"]
ORG = os.environ["LOGAN_ORG"]
PASSWORD = "seven herons wade upstream"
NUMBER = itertools.count()

# Each of these can be the end of the one who asks.
ENDING = {
    ("POST", "/api/v1/auth/logout"),
    ("POST", "/api/v1/auth/password"),
    ("DELETE", "/api/v1/sessions/{session}"),
    ("DELETE", "/api/v1/orgs/{org}"),
    ("PATCH", "/api/v1/orgs/{org}/members/{user}"),
    ("DELETE", "/api/v1/orgs/{org}/members/{user}"),
    ("DELETE", "/api/v1/keys/{key}"),
}


def post(path, body):
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def somebody():
    """The token of somebody who just signed up, and the id of their org."""
    email = f"somebody{next(NUMBER)}-{secrets.token_hex(4)}@example.org"
    post("/api/v1/users", {"email": email, "password": PASSWORD})
    session = post("/api/v1/auth/login", {"email": email, "password": PASSWORD})
    return session["access_token"], session["org"]["id"]


def ends(operation):
    return AS != "admin-key" and (operation.method.upper(), operation.path) in ENDING


@schemathesis.serializer("application/x-ndjson", "application/stream+json")
def lines(ctx, value):
    """Lines are sent as they are; of other values each is a line."""
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value) + "\n").encode("utf-8", "surrogatepass")


@schemathesis.auth(refresh_interval=None)
class Credential:
    """Shows a token or a key."""

    def get(self, case, context):
        if ends(case.operation):
            return somebody()
        return os.environ["LOGAN_ADMIN_KEY" if AS == "admin-key" else "LOGAN_TOKEN"], ORG

    def set(self, case, data, context):
        token, org = data
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {token}"
        # Most of the time: what a path may not hold is asked for as well.
        if AS == "owner-in-org" and case.path_parameters and len(str(case.path_parameters.get("org", ""))) == 26:
            case.path_parameters["org"] = org
