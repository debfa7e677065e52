"""Who schemathesis is, for schemathesis.sh: the owner of an org, or an admin key of it; and what the ids are of.

Operations that end the session, or the org, of whoever asks are asked by somebody new each time. An id that schemathesis
made up is that of nothing: most of them are replaced by the id of something that is there, and of something new where
it is to be deleted.
"""

import functools
import itertools
import json
import os
import re
import secrets
import urllib.error
import urllib.request

import schemathesis

URL = os.environ["LOGAN_URL"]
AS = os.environ["LOGAN_AS"]
ORG = os.environ["LOGAN_ORG"]
ALERTS = os.environ["LOGAN_ALERTS"].split()
PASSWORD = "seven herons wade upstream"
NUMBER = itertools.count()
ULID = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")

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


def ask(method, path, body=None, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def name():
    return f"n{next(NUMBER)}-{secrets.token_hex(4)}"


def log_in(email):
    return ask("POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD})


def somebody():
    """The token of somebody who just signed up, and the id of their org."""
    email = f"{name()}@example.org"
    ask("POST", "/api/v1/users", {"email": email, "password": PASSWORD})
    session = log_in(email)
    return session["access_token"], session["org"]["id"]


def invite(token, org):
    return ask("POST", f"/api/v1/orgs/{org}/invites", {"role": "viewer"}, token)


def new_member(token, org):
    email = f"{name()}@example.org"
    body = {"email": email, "password": PASSWORD, "invite": invite(token, org)["token"]}
    return ask("POST", "/api/v1/users", body)["user"]["id"]


def new_session(token, org):
    """Another session of whoever has the token."""
    email = ask("GET", "/api/v1/users/me", token=token)["user"]["email"]
    log_in(email)
    sessions = ask("GET", "/api/v1/sessions", token=token)["sessions"]
    return next(session["id"] for session in sessions if not session["current"])


def new_rule(token, org):
    body = {"name": name(), "kind": "absence", "query": "heartbeat", "window": "1h"}
    return ask("POST", "/api/v1/rules", body, token)["id"]


def new_channel(token, org):
    # A name that is nowhere: nothing leaves this machine.
    body = {"name": name(), "kind": "webhook", "url": "https://hook.invalid/x"}
    return ask("POST", "/api/v1/channels", body, token)["id"]


def new_key(token, org):
    return ask("POST", "/api/v1/keys", {"name": name(), "scope": "query"}, token)["id"]


# What an id is of, by its name in the path: how one is made, and where all are listed.
THINGS = {
    "rule": (new_rule, "/api/v1/rules", "rules"),
    "channel": (new_channel, "/api/v1/channels", "channels"),
    "key": (new_key, "/api/v1/keys", "keys"),
    "invite": (lambda token, org: invite(token, org)["id"], "/api/v1/orgs/{org}/invites", "invites"),
    "user": (new_member, "/api/v1/orgs/{org}/members", "members"),
    "session": (new_session, "/api/v1/sessions", "sessions"),
}
KEPT = {}


def new_thing(kind, token, org):
    """The id of something new. When there are as many as there may be, that of one of them."""
    make, path, many = THINGS[kind]
    try:
        return make(token, org)
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise
        found = ask("GET", path.replace("{org}", org), token=token)[many]
        return next(one["id"] for one in found if one["id"] not in KEPT.values())


def thing(kind, method, token, org):
    if kind == "org":
        return org
    if kind == "alert":
        return ALERTS[next(NUMBER) % len(ALERTS)]
    # The owner makes things also for the key, which may not make all of them.
    maker = token if org != ORG else os.environ["LOGAN_TOKEN"]
    if method == "DELETE" or org != ORG:
        return new_thing(kind, maker, org)
    if kind not in KEPT:
        KEPT[kind] = new_thing(kind, maker, org)
    return KEPT[kind]


def ends(operation):
    return AS != "admin-key" and (operation.method.upper(), operation.path) in ENDING


def is_replaced(id):
    """Most of the time, and the same each time: what names nothing is asked for as well."""
    return isinstance(id, str) and ULID.fullmatch(id) is not None and sum(map(ord, id)) % 4 > 0


EMAIL = re.compile(r"[!-?A-~]{1,64}@[0-9A-Za-z][0-9A-Za-z.-]{0,188}")


def is_shown(text):
    return isinstance(text, str) and 1 <= len(text) <= 128


@functools.cache
def visitor():
    """The address and the org of somebody who logs in again and again: that ends old sessions, so it is not the owner."""
    email = f"{name()}@example.org"
    return email, ask("POST", "/api/v1/users", {"email": email, "password": PASSWORD})["org"]["id"]


def known_secrets(operation, body, org):
    """Most passwords and tokens that could be some become right ones; what could be none stays as it is."""
    if not isinstance(body, dict) or next(NUMBER) % 4 == 0:
        return
    if operation == "POST /api/v1/auth/login":
        email, password = body.get("email"), body.get("password")
        if isinstance(email, str) and EMAIL.fullmatch(email) and is_shown(password):
            email, org = visitor()
            body.update(email=email, password=PASSWORD)
    if operation == "POST /api/v1/auth/refresh" and is_shown(body.get("refresh_token")):
        email, org = visitor()
        body["refresh_token"] = log_in(email)["refresh_token"]
    if operation == "POST /api/v1/auth/password" and is_shown(body.get("current")):
        body["current"] = PASSWORD
    if is_replaced(body.get("org")):
        body["org"] = org


@schemathesis.serializer("application/x-ndjson", "application/stream+json")
def lines(ctx, value):
    """Lines are sent as they are; of other values each is a line."""
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value) + "\n").encode("utf-8", "surrogatepass")


@schemathesis.auth(refresh_interval=None)
class Credential:
    """Shows a token or a key, and puts ids of what is there in the path."""

    def get(self, case, context):
        if ends(case.operation):
            return somebody()
        return os.environ["LOGAN_ADMIN_KEY" if AS == "admin-key" else "LOGAN_TOKEN"], ORG

    def set(self, case, data, context):
        token, org = data
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {token}"
        known_secrets(f"{case.operation.method.upper()} {case.operation.path}", case.body, org)
        for kind, id in (case.path_parameters or {}).items():
            if (kind in THINGS or kind in ("org", "alert")) and is_replaced(id):
                case.path_parameters[kind] = thing(kind, case.operation.method.upper(), token, org)
