#!/bin/sh
# Runs the conformance suite against a keyfold program: run.sh PROGRAM [WORK_DIRECTORY [TEST...]]
# The work directory (default: a temporary one) gets a copy of the suite and its npm packages; it may be kept between
# runs, which then install nothing. Without TEST names every *.test.mjs runs.
set -eu

if [ $# -lt 1 ]; then
  sed -n '2,4p' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
KEYFOLD_BINARY=$(realpath "$1")
KEYFOLD_TESTS_DIRECTORY=$(dirname "$here")
export KEYFOLD_BINARY KEYFOLD_TESTS_DIRECTORY
shift

if [ $# -ge 1 ]; then
  work=$1
  shift
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
mkdir -p "$work/lib"
cp "$here"/*.mjs "$here"/package.json "$here"/package-lock.json "$work/"
cp "$here"/lib/*.mjs "$work/lib/"
cd "$work"

if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed
fi

[ $# -gt 0 ] || set -- ./*.test.mjs
node --test "$@"
