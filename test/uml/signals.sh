#!/bin/sh
# Writes what tagged frames bring about, under a kernel that can filter VLANs, at the end of docs/signals.md.
set -eu
cd "$(dirname "$0")/../.."
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
gobgpd=$(sh labs/debian.sh gobgpd trixie) || gobgpd=gobgpd
RESULTS=$results sh test/uml/run.sh env UPDATE_DOCS=1 GOBGPD="$gobgpd" node_modules/.bin/vitest run --configLoader runner \
  --project uml test/uml/moves.test.ts
before=$(sed '/^## With one 802.1Q tag/,$d' docs/signals.md)
{
  printf '%s\n\n' "$before"
  cat "$results/signals.md"
} >"$results/whole"
cp "$results/whole" docs/signals.md
