#!/bin/sh
# The first process of a node that is a container. Docker names interfaces as it likes, and gives them
# addresses; ADOPT says which name the interface with an address is to have. Docker's addresses and routes
# are taken off, for here the node's own script gives them.
set -eu
PATH=$PATH:/usr/sbin:/sbin

# A container that is started again has them still.
rm -f /run/up /run/*.pid
# All are put out of the way first: a name that is wanted may be another's.
for pair in $ADOPT; do
  address=${pair%%=*}
  name=$(ip -o -4 address show | awk -v want="$address" '{ split($4, a, "/") } a[1] == want { print $2 }')
  [ -n "$name" ] || { echo "No interface has the address $address"; exit 1; }
  ip link set dev "$name" down
  ip address flush dev "$name"
  ip link set dev "$name" name "new-${pair#*=}"
done
for pair in $ADOPT; do ip link set dev "new-${pair#*=}" name "${pair#*=}"; done
exec sh /lab/node.sh
