#!/bin/sh
# Compiles dgsock.c into native/build/dgsock.node. Needs a C compiler and the headers of Node.js
# (with uv.h among them), no Python and no download. Does nothing where the result is newer than
# the source.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=$here/build/dgsock.node

if [ -f "$output" ] && [ -z "$(find "$here/dgsock.c" "$0" -newer "$output")" ]; then
  exit 0
fi

compiler=${CC:-cc}
if ! command -v "$compiler" >/dev/null; then
  echo "Cannot build the socket addon: no C compiler \"$compiler\"; on Debian: apt-get install gcc libc6-dev" >&2
  exit 1
fi

prefix=$(node -p 'path.resolve(fs.realpathSync(process.execPath), "../..")')
headers=
# Asking npm takes longest, so it comes after the usual places.
for candidate in "$prefix/include/node" /usr/include/node /usr/include/nodejs/src /usr/local/include/node \
  "$(npm config get nodedir 2>/dev/null)/include/node" "$HOME"/.cache/node-gyp/*/include/node; do
  if [ -f "$candidate/node_api.h" ]; then
    headers=$candidate
    break
  fi
done
if [ -z "$headers" ]; then
  echo "Cannot build the socket addon: no node_api.h found; on Debian: apt-get install libnode-dev" >&2
  exit 1
fi

mkdir -p "$here/build"
# Built beside and moved into place: a process that has the old one open keeps it whole.
"$compiler" -shared -fPIC -O2 -std=gnu11 -Wall -Wextra -DNAPI_VERSION=8 -I"$headers" \
  "$here/dgsock.c" -o "$output.new"
mv "$output.new" "$output"
