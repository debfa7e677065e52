# What the scripts of this folder share; to be sourced. Needs bash, curl, python3 and a logan binary.
# shellcheck shell=bash

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
logan=${LOGAN_BIN:-$repository/target/debug/logan}
password="seven herons wade upstream"
server=
work=

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# Takes a value out of JSON on stdin, by an expression on `answer`.
value() { python3 -c 'import json, sys; answer = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }

# Ends what start_server began, by its process id alone.
end_server() {
  [ -n "$server" ] || return 0
  local id=$server
  server=
  kill -TERM "$id" || fail "the server was gone before it was told to stop"
  wait "$id" || fail "the server ended with status $?"
}

clean_up() {
  local status=$?
  trap - EXIT
  if [ -n "$server" ] && kill -KILL "$server"; then wait "$server" 2>/dev/null || true; fi
  if [ -n "$work" ]; then
    if [ "$status" -ne 0 ] && [ -s "$work/server.log" ]; then
      printf 'the end of the server'"'"'s log:\n' >&2
      tail -n 20 "$work/server.log" >&2
    fi
    rm -rf "$work"
  fi
  exit "$status"
}

# Starts a server on ports of the system's choice with data in a temporary folder; sets `url`, `server`, `work`.
start_server() {
  [ -x "$logan" ] || fail "no logan at $logan: cargo build, or set LOGAN_BIN"
  work=$(mktemp -d)
  trap clean_up EXIT
  # Settings of whoever runs this do not matter, only those given here.
  (cd "$work" && exec env -i PATH="$PATH" HOME="$work" "$@" "$logan" serve --data "$work/data" \
    --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 >"$work/server.out" 2>"$work/server.log") &
  server=$!
  for _ in $(seq 100); do
    url=$(sed -n 's/^listening on \(http:[^ ,]*\),.*/\1/p' "$work/server.out")
    [ -z "$url" ] || return 0
    kill -0 "$server" 2>"$work/kill.log" || { server=; fail "the server did not start"; }
    sleep 0.1
  done
  fail "the server did not say within 10 s where it listens"
}

# ask STATUS METHOD PATH [curl's arguments]: prints the body; fails on any other status. Uses $token.
ask() {
  local wanted=$1 method=$2 path=$3 status
  shift 3
  local credential=()
  [ -z "${token:-}" ] || credential=(-H "Authorization: Bearer $token")
  status=$(curl -sS --max-time 20 -o "$work/body" -w '%{http_code}' -X "$method" "${credential[@]}" "$@" "$url$path") ||
    fail "$method $path: curl failed"
  [ "$status" = "$wanted" ] || fail "$method $path: $status instead of $wanted: $(cat "$work/body")"
  cat "$work/body"
}

# The same with a JSON body.
ask_json() {
  local wanted=$1 method=$2 path=$3 body=$4
  ask "$wanted" "$method" "$path" -H 'Content-Type: application/json' -d "$body"
}

# expect WHAT WANTED GOT
expect() { [ "$2" = "$3" ] || fail "$1: $3 instead of $2"; printf 'ok: %s: %s\n' "$1" "$3"; }
