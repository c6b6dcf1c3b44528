#!/bin/sh
# npm run demo: sets up all it needs, builds the lab from network namespaces, moves a virtual machine
# about and shows how the fabric follows; takes everything down. `-- --json`: a report for scripts.
# `-- qemu`: the machine is a real guest, which QEMU migrates; QEMU is not installed for it.
set -eu
cd "$(dirname "$0")/.."
# From inside the namespaces no mirror can be reached.
case " $* " in *" qemu "*) sh labs/qemu/image.sh >/dev/null ;; esac
sh labs/setup.sh
exec sh labs/runner/inside.sh node dist/labs/demo/main.js "$@"
