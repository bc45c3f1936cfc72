#!/usr/bin/env bash
# Runs the tests against Kafka: starts a broker with ops/kafka that all of them share, and ends it afterwards.
# Usage: tests/kafka/run.sh PROGRAM DIR [ARGUMENT...]
#   PROGRAM   kafka_test, as it was built
#   DIR       the broker's directory, made and removed
# With KEYFOLD_KAFKA=host:port set, that broker is used and none is started.
set -euo pipefail
program=$1 dir=$2
shift 2
kafka=$(dirname "${BASH_SOURCE[0]}")/../../ops/kafka

if [[ -z ${KEYFOLD_KAFKA:-} ]]; then
  trap '"$kafka" down --dir "$dir" >/dev/null' EXIT
  started=$("$kafka" up --dir "$dir")
  KEYFOLD_KAFKA=$(sed -n 's/^brokers: //p' <<<"$started")
fi
export KEYFOLD_KAFKA
"$program" "$@"
