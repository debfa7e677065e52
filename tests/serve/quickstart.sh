#!/usr/bin/env bash
# From nothing to an alert with curl alone: what the README shows, each answer looked at.
# LOGAN_BIN names the binary, target/debug/logan if it is not set. Exits non-zero on any surprise.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
log=$repository/fixtures/combined/shop.log

start_server LOGAN_BACKGROUND__RULES_EVERY=1s
printf 'ok: the server listens on %s\n' "$url"

expect "the server lives" 401 "$(curl -sS -o "$work/body" -w '%{http_code}' "$url/api/v1/orgs")"

# Sign up, log in.
me=$(ask_json 201 POST /api/v1/users "{\"email\":\"ada@example.org\",\"password\":\"$password\",\"org\":\"Northwind\"}")
expect "who signs up owns an org" "Northwind owner" "$(value 'answer["org"]["name"] + " " + answer["org"]["role"]' <<<"$me")"
session=$(ask_json 200 POST /api/v1/auth/login "{\"email\":\"ada@example.org\",\"password\":\"$password\"}")
token=$(value 'answer["access_token"]' <<<"$session")

# Send an access log as it is.
sent=$(ask 200 POST '/api/v1/logs?format=auto' --data-binary "@$log")
expect "lines taken, refused, on disk" "49 1 True" \
  "$(value '" ".join(str(answer[name]) for name in ("accepted", "rejected", "durable"))' <<<"$sent")"
expect "the line that was refused" 31 "$(value 'answer["errors"][0]["line"]' <<<"$sent")"

# Ask.
wanted=$(grep -c '" 5[0-9][0-9] ' "$log")
counted=$(ask 200 GET /api/v1/query --get --data-urlencode 'query=status >= 500 | stats count()')
expect "entries with status 5xx" "$wanted" "$(value '[*answer["rows"][0].values()][0]' <<<"$counted")"
page=$(ask 200 GET '/api/v1/logs?limit=10' --get --data-urlencode 'q=status >= 500')
expect "entries of a page, all of them wanted" True \
  "$(value 'len(answer["entries"]) > 0 and all(entry["status"] >= 500 for entry in answer["entries"])' <<<"$page")"
rejects=$(ask 200 GET /api/v1/rejects)
expect "rejects are kept" 1 "$(value 'len(answer["rejects"])' <<<"$rejects")"

# Make a key, a rule, and send with the key.
key=$(ask_json 201 POST /api/v1/keys '{"name":"web-1","scope":"ingest"}' | value 'answer["key"]')
rule=$(ask_json 201 POST /api/v1/rules \
  '{"name":"server errors","kind":"threshold","query":"status >= 500 | stats count()","window":"10s","above":2}' |
  value 'answer["id"]')
owner=$token
token=$key
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
line="{\"ts\":\"$now\",\"status\":503,\"message\":\"upstream is gone\"}"
sent=$(ask 200 POST /api/v1/logs -H 'Content-Type: application/x-ndjson' --data-binary "$line"$'\n'"$line"$'\n'"$line")
expect "entries taken with the key" 3 "$(value 'answer["accepted"]' <<<"$sent")"
ask 403 GET /api/v1/logs >"$work/refused"
printf 'ok: the key reads nothing\n'
token=$owner

# The alert: the window must end, and late lines get their time.
deadline=$((SECONDS + 60))
while :; do
  alerts=$(ask 200 GET /api/v1/alerts)
  [ "$(value "sum(alert['rule'] == '$rule' for alert in answer['alerts'])" <<<"$alerts")" = 0 ] || break
  [ "$SECONDS" -lt "$deadline" ] || fail "no alert within 60 s: $alerts"
  sleep 0.25
done
alert=$(value "[alert['id'] for alert in answer['alerts'] if alert['rule'] == '$rule'][0]" <<<"$alerts")
told=$(ask 200 GET "/api/v1/alerts/$alert")
expect "the alert shows its lines" True "$(value '"upstream is gone" in json.dumps(answer)' <<<"$told")"
ask_json 200 PATCH "/api/v1/alerts/$alert" '{"state":"acknowledged","note":"looking at it"}' >"$work/handled"
expect "the alert is acknowledged" acknowledged "$(value 'answer["state"]' <"$work/handled")"

end_server
printf 'ok: the server stopped when told to\nall of it works\n'
