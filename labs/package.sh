#!/bin/sh
# Packs this checkout as npm would publish it, installs the package into an empty prefix of its own, as
# `npm install --global` does, and prints that prefix. What stands in it already is not made again.
# Exit code 3: not possible here, with the reason in a sentence.
set -eu
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/roamd/package
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
packed=$(mktemp -d "$cache/new.XXXXXX")
trap 'rm -rf "$packed"' EXIT

npm pack --silent --pack-destination "$packed" >/dev/null 2>"$packed/log" || {
  cat "$packed/log" >&2
  echo "Cannot pack roamd" >&2
  exit 1
}
prefix=$cache/$(sha256sum "$packed"/*.tgz | cut -c1-16)
if [ ! -e "$prefix/bin/roamd" ]; then
  # In the package all versions are fixed, so what `npm ci` has fetched for the checkout will do.
  npm install --silent --global --prefix "$packed/prefix" --prefer-offline --no-audit --no-fund \
    "$packed"/*.tgz >/dev/null 2>"$packed/log" || {
    cat "$packed/log" >&2
    echo "Cannot install the package: does npm reach its registry?" >&2
    exit 3
  }
  # Of older states of the checkout nobody needs theirs any more.
  find "$cache" -mindepth 1 -maxdepth 1 -type d ! -name 'new.*' -exec rm -rf {} +
  mv "$packed/prefix" "$prefix"
fi
echo "$prefix"
