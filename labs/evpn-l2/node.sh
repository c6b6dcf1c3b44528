#!/bin/sh
# The start script of every node of the lab, whoever runs it (network namespaces or containers).
#
#   node.sh                 brings the node up as its directory says, and stays
#   node.sh start NAME      starts one of its daemons again: gobgpd, roamd, frr
#   node.sh stop NAME       ends it in good order
#   node.sh kill NAME       ends it as a crash would
set -eu
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=/dev/null
. /lab/node/node.env
# Which binaries, as the runner said when the node came up: who starts a daemon again need not know.
[ -e /run/binaries ] || printf '%s\n' "GOBGPD='${GOBGPD:-gobgpd}'" "FRR='${FRR:-/usr/lib/frr}'" \
  "ROAMD='${ROAMD:-node /roamd/dist/src/main.js}'" >/run/binaries
. /run/binaries

# Links come after the node itself has started.
wait_for() {
  for port in "$@"; do
    tries=0
    until [ -e "/proc/sys/net/ipv4/conf/$port" ]; do
      tries=$((tries + 1))
      [ "$tries" -lt 600 ] || { echo "$port has not come"; exit 1; }
      sleep 0.05
    done
  done
}

# A port that only carries the frames of others: no address, hence no frame of its own.
carrier() {
  ip link set dev "$1" addrgenmode none
  ip link set dev "$1" up
}

# The addresses it is given, and no others.
give_addresses() {
  ip link set dev "$1" addrgenmode none
  for address in $ADDRESSES; do
    case $address in
      *:*) ip address add "$address" dev "$1" nodad ;;
      *) ip address add "$address" dev "$1" ;;
    esac
  done
}

# One broadcast domain: the bridge, its VXLAN device, and the ports where hosts are. The other
# VTEPs are for the EVPN speaker to say, so nothing is learned from what comes through the tunnel.
segment() {
  # What only passes through the bridge is no business of a firewall's here.
  for call in /proc/sys/net/bridge/bridge-nf-call-*; do
    [ ! -w "$call" ] || echo 0 >"$call"
  done
  ip link add name br10 type bridge
  ip link set dev br10 addrgenmode none
  ip link add name vxlan10 type vxlan id 10 local "$VTEP" dstport 4789 nolearning
  # Beside the inner frame there is the outer one, whose IP header is longer in IPv6.
  case $VTEP in *:*) mtu=9430 ;; *) mtu=9450 ;; esac
  ip link set dev vxlan10 addrgenmode none mtu $mtu master br10
  bridge link set dev vxlan10 neigh_suppress on learning off
  for port in eth2 eth3; do
    ip link set dev "$port" master br10
    carrier "$port"
  done
  ip link set dev vxlan10 up
  ip link set dev br10 up
}

# What stands before the "=" of each word.
names() {
  for word in $1; do echo "${word%%=*}"; done
}

underlay() {
  ip link set dev lo up
  # An underlay is of one family.
  case $LOOPBACK in *:*) host=128 nodad=nodad ;; *) host=32 nodad= ;; esac
  # shellcheck disable=SC2086 # a word, or none
  ip address add "$LOOPBACK/$host" dev lo $nodad
  for uplink in $UPLINKS; do
    # shellcheck disable=SC2086
    ip address add "${uplink#*=}" dev "${uplink%%=*}" $nodad
    ip link set dev "${uplink%%=*}" up
  done
  for route in $ROUTES; do
    ip route add "${route%%=*}" via "${route#*=}" src "$LOOPBACK"
  done
}

start() {
  mkdir -p /run/log
  case $1 in
    gobgpd)
      run gobgpd "$GOBGPD" -f /lab/node/gobgpd.toml --api-hosts 127.0.0.1:50051 --pprof-disable
      ;;
    roamd)
      mkdir -p /run/roamd
      # shellcheck disable=SC2086 # a word or several; no word, or some
      run roamd $ROAMD --config /lab/node/roamd.yaml ${ROAMD_FLAGS:-}
      ;;
    frr)
      mkdir -p /run/frr
      # Without it vtysh complains at every start.
      [ -e /etc/frr/vtysh.conf ] || : >/etc/frr/vtysh.conf
      # Left over from a crash, it would tell too early that zebra is there.
      rm -f /run/frr/zserv.api
      run zebra "$FRR/zebra" -u root -g root -A 127.0.0.1 -f /dev/null
      until [ -S /run/frr/zserv.api ]; do sleep 0.01; done
      run bgpd "$FRR/bgpd" -u root -g root -A 127.0.0.1 -f /lab/node/frr.conf
      ;;
  esac
}

run() {
  name=$1
  shift
  "$@" </dev/null >>"/run/log/$name.log" 2>&1 &
  echo $! >"/run/$name.pid"
}

signal() {
  case $2 in
    frr) daemons="bgpd zebra" ;;
    *) daemons=$2 ;;
  esac
  for daemon in $daemons; do kill "-$1" "$(cat "/run/$daemon.pid")"; done
}

up() {
  case $ROLE in
    spine)
      # shellcheck disable=SC2046 # names of ports
      wait_for $(names "$UPLINKS")
      underlay
      for daemon in ${DAEMONS:-gobgpd}; do start "$daemon"; done
      ;;
    leaf)
      # shellcheck disable=SC2046 # names of ports
      wait_for $(names "$UPLINKS") eth2 eth3
      underlay
      segment
      for daemon in $DAEMONS; do start "$daemon"; done
      ;;
    host)
      wait_for eth1
      ip link set dev lo up
      ip link set dev eth1 address "$MAC"
      give_addresses eth1
      ip link set dev eth1 up
      ;;
    vm)
      # The machine's interface is plugged into a bridge with a leg in every leaf, of which one at
      # a time lets frames through: so it can be elsewhere from one frame to the next, without the
      # guest or the old leaf's port noticing.
      for leg in $LEGS; do wait_for "${leg#*=}"; done
      ip link set dev lo up
      ip link add name vm0 address "$MAC" type veth peer name plug
      give_addresses vm0
      ip link add name hypervisor type bridge mcast_snooping 0
      ip link set dev hypervisor arp off
      carrier hypervisor
      ip link set dev plug master hypervisor
      bridge link set dev plug learning off
      carrier plug
      for leg in $LEGS; do
        shut="on" open="off"
        if [ "${leg%%=*}" = "$PLACE" ]; then shut="off" open="on"; fi
        leg=${leg#*=}
        ip link set dev "$leg" master hypervisor
        bridge link set dev "$leg" learning off locked $shut flood $open mcast_flood $open bcast_flood $open
        carrier "$leg"
      done
      ip link set dev vm0 up
      ;;
  esac
}

case ${1:-up} in
  up)
    up
    touch /run/up
    # As the first process of a container it has children to bury.
    sleep infinity &
    while :; do wait; done
    ;;
  start) start "$2" ;;
  stop) signal TERM "$2" ;;
  kill) signal KILL "$2" ;;
  *)
    echo "usage: node.sh [up | start NAME | stop NAME | kill NAME]" >&2
    exit 2
    ;;
esac
