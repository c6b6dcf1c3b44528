#!/bin/sh
# Runs a command under another kernel, as root of a machine of its own: user-mode Linux, which is a
# program. Debian's can filter VLANs, which the kernel of this machine perhaps can not. Boots in two
# seconds; sees this machine's files as they are, and can write none of them but those in RESULTS.
#
#   [RESULTS=DIRECTORY] sh test/uml/run.sh COMMAND ARG...
#
# Prints what the command printed; the exit code is the command's, or 1 if the guest did not get so far.
# In the guest RESULTS is /mnt. Whatever happens to this process, the guest ends with it.
set -u
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin:/sbin
export PATH

# Far longer than anything takes, for a machine that is busy.
LIMIT_S=600
MEMORY=1200M

for program in linux.uml modprobe; do
  command -v "$program" >/dev/null && continue
  echo "Cannot run in user-mode Linux: no $program here (apt-get install user-mode-linux kmod)" >&2
  exit 1
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 143' INT TERM HUP
results=${RESULTS:-$scratch/results}
mkdir -p "$scratch/memory" "$results"
rm -f "$results/code" "$results/output"
for word; do
  printf "'%s' " "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"
done >"$results/command"

# The guest's memory is a file, its processes are ours: both end with the namespaces, the namespaces
# with `timeout`, and that with this shell.
boot='mount -t tmpfs tmpfs "$TMPDIR" && exec linux.uml "$@"'
TMPDIR=$scratch/memory HOME=$scratch/memory setpriv --pdeathsig KILL timeout -s KILL "$LIMIT_S" \
  setpriv --pdeathsig KILL sh labs/runner/inside.sh sh -c "$boot" boot \
  mem=$MEMORY root=/dev/root rootfstype=hostfs rootflags=/ ro init="$PWD/test/uml/init" \
  con0=fd:0,fd:1 con=null quiet results="$results" directory="$PWD" \
  </dev/null >"$scratch/console" 2>&1 &
wait "$!"

[ ! -e "$results/output" ] || cat "$results/output"
if [ ! -e "$results/code" ]; then
  echo "Cannot run in user-mode Linux: the guest ended before the command did" >&2
  tail -n 20 "$scratch/console" >&2
  exit 1
fi
exit "$(cat "$results/code")"
