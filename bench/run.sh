#!/bin/sh
# npm run bench: sets up all it needs, then compares roamd with FRR and with the floor, in namespaces
# of its own. See bench/README.md.
set -eu
cd "$(dirname "$0")/.."
# From inside the namespaces no mirror can be reached.
sh labs/debian.sh gobgpd sid >/dev/null
sh labs/debian.sh frr forky >/dev/null
sh labs/setup.sh
exec sh labs/runner/inside.sh node dist/bench/main.js "$@"
