#!/bin/sh
# Runs a command in namespaces of its own, in which it may build networks without touching the
# machine's: as root, or as anybody where unprivileged user namespaces are allowed. Whatever the
# command leaves behind ends with it.
#
#   sh labs/runner/inside.sh COMMAND ARG...
set -eu
PATH=$PATH:/usr/sbin:/sbin
export PATH

if [ "$(id -u)" -eq 0 ]; then
  user=
else
  user="--user --map-root-user"
  # shellcheck disable=SC2086 # two words
  if ! unshare $user true 2>/dev/null; then
    echo "Cannot make a user namespace: this machine forbids it to other users than root. Try again with sudo." >&2
    exit 1
  fi
fi
# shellcheck disable=SC2086 # no word, or two
exec unshare $user --net --mount --pid --fork --kill-child --mount-proc -- \
  sh -c '
    # Names of network namespaces are files here, which others must not see, nor find left over.
    mkdir -p /run/netns 2>/dev/null && mount -t tmpfs tmpfs /run/netns 2>/dev/null || true
    ip link set dev lo up && exec "$@"' inside "$@"
