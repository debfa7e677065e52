#!/usr/bin/env bash
# Asks a running server everything its own description allows, and much that it does not: schemathesis, all checks.
#
#   tests/serve/schemathesis.sh [arguments for st run, such as --include-path /api/v1/keys]
#   tests/serve/schemathesis.sh --install     only installs schemathesis, where it is not yet
#
# LOGAN_BIN names the binary (target/debug/logan if it is not set), EXAMPLES how many an operation (40), SEED the seed,
# SCHEMATHESIS_VENV where schemathesis is kept. Ends with 0 when nothing was found, 1 when something was, and 77, saying
# so, when schemathesis could not be installed and therefore did NOT run.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/lib.sh"
version=4.32.5
venv=${SCHEMATHESIS_VENV:-$repository/target/schemathesis-$version}
examples=${EXAMPLES:-40}

did_not_run() { printf 'schemathesis did NOT run: %s\n' "$*" >&2; exit 77; }
if ! [ -x "$venv/bin/st" ]; then
  python3 -m venv "$venv" || did_not_run "no virtual environment could be made at $venv"
  "$venv/bin/pip" install --quiet "schemathesis==$version" || { rm -rf "$venv"; did_not_run "it could not be installed"; }
fi
[ "${1:-}" != --install ] || exit 0

# Limits of rates are there to refuse; what they answer is looked at by tests/it/serve/throttle.rs. A token lives as long
# as the run.
start_server LOGAN_AUTH__ACCESS=12h LOGAN_BACKGROUND__RULES_EVERY=1s \
  LOGAN_RATES__LOGIN_ADDRESS_PER_MINUTE=1000000 LOGAN_RATES__LOGIN_ACCOUNT_PER_MINUTE=1000000 \
  LOGAN_RATES__LOGINS_PER_SECOND=100000 \
  LOGAN_RATES__ADDRESS__PER_SECOND=1000000 LOGAN_RATES__ADDRESS__BURST=1000000 \
  LOGAN_RATES__KEY__PER_SECOND=1000000 LOGAN_RATES__KEY__BURST=1000000 \
  LOGAN_RATES__ORG__PER_SECOND=1000000 LOGAN_RATES__ORG__BURST=1000000 \
  LOGAN_SMTP__HOST=127.0.0.1 LOGAN_SMTP__PORT=9 LOGAN_SMTP__FROM=logan@example.org LOGAN_QUERY__TAILS=1000

ask_json 201 POST /api/v1/users "{\"email\":\"ada@example.org\",\"password\":\"$password\"}" >"$work/me"
export LOGAN_ORG LOGAN_URL=$url
LOGAN_ORG=$(value 'answer["org"]["id"]' <"$work/me")
token=$(ask_json 200 POST /api/v1/auth/login "{\"email\":\"ada@example.org\",\"password\":\"$password\"}" |
  value 'answer["access_token"]')
ask 200 POST '/api/v1/logs?format=auto' --data-binary "@$repository/fixtures/combined/shop.log" >"$work/sent"
admin_key=$(ask_json 201 POST /api/v1/keys '{"name":"admin","scope":"admin"}' | value 'answer["key"]')
export LOGAN_TOKEN=$token LOGAN_ADMIN_KEY=$admin_key

# Things that are there, so that most ids are of something (see schemathesis_hooks.py). An alert is handled once and for
# all: each rule makes one, and the rules stay.
alerts=20
for number in $(seq $alerts); do
  ask_json 201 POST /api/v1/rules "{\"name\":\"fires $number\",\"kind\":\"threshold\",\"query\":\"fire\",\"window\":\"10s\",\"above\":0}" \
    >"$work/rule"
done
ask 200 POST /api/v1/logs -H 'Content-Type: application/json' \
  -d "{\"ts\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",\"message\":\"fire\"}" >"$work/sent"
deadline=$((SECONDS + 60))
while :; do
  found=$(ask 200 GET '/api/v1/alerts?limit=1000')
  [ "$(value 'len(answer["alerts"])' <<<"$found")" -lt "$alerts" ] || break
  [ "$SECONDS" -lt "$deadline" ] || fail "no alerts within 60 s: $found"
  sleep 0.25
done
export LOGAN_ALERTS
LOGAN_ALERTS=$(value '" ".join(alert["id"] for alert in answer["alerts"])' <<<"$found")

# run NAME [arguments]: one run with its own credential (see schemathesis_hooks.py) and its own examples.
status=0
run() {
  local name=$1
  shift
  printf '\n=== %s\n' "$name"
  (cd "$work" && SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONPATH="$here" "$venv/bin/st" --config-file "$here/schemathesis.toml" run "$url/api/openapi.json" \
    --checks all --max-examples "$examples" --continue-on-failure --request-timeout 20 --suppress-health-check all \
    --generation-database none ${SEED:+--seed "$SEED"} "$@") || status=1
  kill -0 "$server" || fail "the server is gone"
}

# `/api/v1/tail` never ends: its answers are looked at by the tests of the questions (tests/it/serve).
except=(--exclude-path /api/v1/tail)
export LOGAN_AS=owner
run "as the owner" "${except[@]}" "$@"
export LOGAN_AS=admin-key
run "with an admin key" "${except[@]}" "$@"

end_server
if [ "$status" -ne 0 ]; then
  printf '\nschemathesis found something\n' >&2
  exit 1
fi
printf '\nschemathesis found nothing\n'
