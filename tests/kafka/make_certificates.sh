#!/usr/bin/env bash
# Makes an authority and what it has signed, all in PEM: `ca.pem`, `server.pem` (key and chain, a broker's keystore),
# `client.pem` and `client.key`.
# Usage: tests/kafka/make_certificates.sh DIR
set -euo pipefail
mkdir -p "$1"
cd "$1"

request() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" "${@:2}"; }
sign() { openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out "$1.pem" "${@:2}"; }
{
  request ca -x509 -days 2 -out ca.pem
  request server -out server.csr
  sign server -extfile <(echo 'subjectAltName=IP:127.0.0.1')
  request client -out client.csr
  sign client
} 2>openssl.log || { cat openssl.log >&2; exit 1; }
cat server.key server.pem ca.pem >keystore.pem
mv keystore.pem server.pem
