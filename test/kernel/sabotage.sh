#!/bin/sh
# Sabotage by seed against the kernel half of roamd, in namespaces of their own.
#
#   sh test/kernel/sabotage.sh [--seeds N] [--seed FIRST] [--acts N]
set -eu
cd "$(dirname "$0")/../.."
while [ $# -gt 0 ]; do
  case $1 in
    --seeds) export SABOTAGE_SEEDS="$2" ;;
    --seed) export SABOTAGE_SEED="$2" ;;
    --acts) export SABOTAGE_ACTS="$2" ;;
    *) echo "usage: npm run sabotage -- [--seeds N] [--seed FIRST] [--acts N]" >&2 && exit 2 ;;
  esac
  shift 2
done
exec sh test/kernel/run.sh test/kernel/sabotage.test.ts
