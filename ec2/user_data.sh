#!/bin/bash
# User data, run once as root: downloads the functions' code bundle, runs one job and powers off in every case.
# `pipeline.aws.ec2` prepends the exported variables.
set -euo pipefail

trap 'shutdown -h now' EXIT
shutdown -h +"$LIFETIME_MINUTES" # upper bound in case the worker hangs

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
# glibc: with one arena per thread and the largest blocks kept in them, memory would grow with the table. Those of pages and
# lines are kept: to give them back to the system and to ask again, page by page, takes processor time.
MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=2097152 PYTHONPATH=code \
  python3.13 code/ec2/worker.py "$JOB_KEY" &
worker=$!
wait "$worker"
