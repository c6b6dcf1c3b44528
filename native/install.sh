#!/bin/sh
# Run by npm where the package is installed: the addon that came along is for Linux on x64 with glibc.
# Where it can not be loaded, it is built anew; that needs a C compiler and Node's headers. And what this
# Node makes of the program's text is kept, so that it starts sooner.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
addon=$here/build/dgsock.node

# In a checkout `npm run build` does it, when there is all it needs.
[ ! -e "$here/../tsconfig.json" ] || exit 0

if ! node -e 'require(process.argv[1])' "$addon" 2>/dev/null; then
  rm -f "$addon"
  sh "$here/build.sh"
fi
program=$here/../dist/src
[ ! -e "$program/roamd.cjs" ] || node "$program/write-compiled.js" ||
  echo "roamd starts somewhat later: what Node makes of its text could not be kept" >&2
