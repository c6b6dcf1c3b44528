#!/bin/sh
# Runs the kernel tests in namespaces of their own, so that they may do what they like to the network
# and nothing of it is left, even when they are killed. Without root, a user namespace gives them
# what they need (receive buffers are then smaller).
set -eu
cd "$(dirname "$0")/../.."

user=
if [ "$(id -u)" -ne 0 ]; then
  user="--user --map-root-user"
fi

npm run --silent build
# shellcheck disable=SC2086 # Two words, or none.
exec unshare $user --net --mount --pid --fork --kill-child --mount-proc sh -c '
  mount -t sysfs sysfs /sys
  ip link set lo up
  ROAMD_TEST_NAMESPACE=$(readlink /proc/self/ns/net) exec npx vitest run --project kernel "$@"
' sh "$@"
