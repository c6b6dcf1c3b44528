#!/bin/sh
# npm run demo: sets up all it needs, builds the lab from network namespaces, moves a virtual machine
# about and shows how the fabric follows; takes everything down. `-- --json`: a report for scripts.
set -eu
cd "$(dirname "$0")/.."
sh labs/setup.sh
exec sh labs/runner/inside.sh node dist/labs/demo/main.js "$@"
