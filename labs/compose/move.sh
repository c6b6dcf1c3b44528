#!/bin/sh
# Moves the machine to another leaf: `docker compose exec vm sh /lab/move.sh leaf2`. Its interface goes
# down and up in between, as with a guest that is started again; then it asks for a neighbour, and that
# ARP request is all that tells of it.
set -eu
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=/dev/null
. /lab/node/node.env
to=$1
case " $LEGS" in *" $to="*) ;; *) echo "usage: move.sh LEAF, one of $LEGS" >&2; exit 2 ;; esac
for leg in $LEGS; do
  shut="on" open="off"
  if [ "${leg%%=*}" = "$to" ]; then shut="off" open="on"; fi
  bridge link set dev "${leg#*=}" locked $shut flood $open mcast_flood $open bcast_flood $open
done
ip neighbour flush dev vm0
ping -q -c 1 -w 10 192.168.10.1
