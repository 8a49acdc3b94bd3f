#!/bin/sh
# An executor over HTTP in the shell, with curl and jq: claims runs of the external queue "shell", one at a time, and executes each by the function
# of its handler. A handler reads its params from standard input, and writes its output as JSON; a status other than 0 is a failure, with the
# last line of its standard error as the message.
set -u

API=${TICKLINE_URL:-http://127.0.0.1:7070}
QUEUE=${QUEUE:-shell}
LEASE_MS=${LEASE_MS:-30000}
NAME=shell-$(uname -n)-$$
HANDLERS='["greet", "call", "wait"]'

handle_greet() { jq '{said: ("hello " + (.who // "world"))}'; }
handle_call() { # The id of the run, the same on every attempt, lets the target tell what it has done already.
  params=$(cat)
  curl -fsS -o /dev/null -w '{"status": %{http_code}}' -H 'content-type: application/json' -H "idempotency-key: $RUN_ID" \
    --data "$(echo "$params" | jq -c .body)" "$(echo "$params" | jq -r .url)"
}
handle_wait() { exec sleep "$(jq .seconds)"; }

post() { curl -fsS --max-time 40 -H 'content-type: application/json' --data @- "$API/queues/$QUEUE/$1"; }

# Repeats until Tickline has answered: a result that is not delivered would be work done twice. Repeating it is safe.
settle() {
  until answer=$(echo "$1" | jq -c --arg run "$RUN_ID" --arg token "$TOKEN" '{runs: [{runId: $run, token: $token} + .]}' | post settle); do sleep 1; done
  echo "$RUN_ID $(echo "$1" | jq -r .state) $(echo "$answer" | jq -r '.runs[0].result')"
}

# Renews the lease. Prints why the work has to end; nothing: go on. An answer that does not arrive is no reason: the next one may.
keep() {
  jq -nc --arg run "$RUN_ID" --arg token "$TOKEN" '{runs: [{runId: $run, token: $token}]}' | post heartbeat | jq -r '.runs[0].stop // empty'
}

# The work runs beside this process, which sends the heartbeats: if this process is killed, they end with it, and another executor gets the run.
execute() {
  RUN_ID=$(echo "$1" | jq -r .runId)
  TOKEN=$(echo "$1" | jq -r .token)
  export RUN_ID
  handler=handle_$(echo "$1" | jq -r .handler) # One of those that the claim named.
  echo "$1" | jq -c .params | {
    exec >"$WORK/output" 2>"$WORK/error"
    "$handler"
  } &
  pid=$!
  stop=
  beats=0
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    beats=$((beats + 100))
    [ "$beats" -lt $((LEASE_MS / 3)) ] && continue
    beats=0
    stop=$(keep)
    if [ -n "$stop" ]; then kill "$pid" 2>/dev/null; fi
    [ -n "$stop" ] && break
  done
  wait "$pid"
  status=$?
  case $stop in
    lease_lost) return ;; # Another executor has the run.
    cancelled) settle '{"state": "cancelled"}' ;;
    timeout) settle '{"state": "failed", "error": {"code": "timeout", "message": "the attempt was over its time"}}' ;;
    *)
      if [ "$status" -eq 0 ]; then
        settle "$(jq -c '{state: "succeeded", output: .}' "$WORK/output" 2>/dev/null | grep . || echo '{"state": "succeeded"}')"
      else
        settle "$(tail -n 1 "$WORK/error" | jq -Rsc --arg status "$status" \
          '{state: "failed", error: {code: ("exit_" + $status), message: (rtrimstr("\n") | if . == "" then "no message" else . end)}}')"
      fi
      ;;
  esac
}

WORK=$(mktemp -d)
ending=
trap 'rm -rf "$WORK"' EXIT
trap 'ending=1' INT TERM # What has begun is finished first.
echo "$NAME takes runs of $QUEUE from $API"
while [ -z "$ending" ]; do
  claim=$(jq -nc --arg name "$NAME" --argjson handlers "$HANDLERS" --argjson lease "$LEASE_MS" \
    '{executor: $name, handlers: $handlers, waitMs: 20000, leaseMs: $lease}')
  if runs=$(echo "$claim" | post claim); then
    run=$(echo "$runs" | jq -c '.runs[0] // empty')
    if [ -n "$run" ]; then execute "$run"; fi # Also if a signal came while the claim waited.
  else
    sleep 1
  fi
done
