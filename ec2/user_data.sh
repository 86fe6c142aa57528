#!/bin/bash
# Runs once, as root, on a fresh instance: fetches the functions' code bundle, does one job with it, powers off.
# The variables come before this text. However this ends, the instance ends with it.
set -euo pipefail

trap 'shutdown -h now' EXIT
shutdown -h +"$LIFETIME_MINUTES" # should all else hang

worker=
stop() {
  if [ -n "$worker" ]; then
    kill -TERM "$worker" && wait "$worker" || true
  fi
  exit 143
}
trap stop TERM

cd "$(mktemp -d)"
dnf install -y -q python3.13
aws s3 cp --quiet "s3://$DATA_BUCKET/$CODE_KEY" code.zip
python3.13 -m zipfile -e code.zip code
# With a heap for each thread, and pages kept in it, memory would grow with the table.
MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072 PYTHONPATH=code python3.13 code/ec2/worker.py "$JOB_KEY" &
worker=$!
wait "$worker"
