#!/bin/sh
# The start script of every node of `vlans.clab.yml`.
#
#   node.sh             brings the node up, and stays
#   node.sh place N     the machine is at its Nth leaf from now on, and nowhere else
set -eu
PATH=$PATH:/usr/sbin:/sbin
VLANS="10 20"
MAC=02:00:00:00:01:00

wait_for() {
  for port in "$@"; do
    tries=0
    until ip link show dev "$port" >/dev/null 2>&1; do
      tries=$((tries + 1))
      [ "$tries" -lt 600 ] || { echo "$port has not come"; exit 1; }
      sleep 0.1
    done
  done
}

# Programs take long to start here, so they are given all their lines at once.
bridge_with_vlans() {
  {
    echo "link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0"
    echo "link set br0 up"
    if [ "$TUNNELS" = shared ]; then
      echo "link add vxlan0 type vxlan external vnifilter local $VTEP dstport 4789 nolearning"
      echo "link set vxlan0 mtu 9450 master br0 up"
    else
      for vlan in $VLANS; do
        echo "link add vxlan$vlan type vxlan id 100$vlan local $VTEP dstport 4789 nolearning"
        echo "link set vxlan$vlan mtu 9450 master br0 up"
      done
    fi
    for port in eth2 eth3 eth4; do echo "link set $port master br0 up"; done
  } | ip -batch -
  {
    [ "$TUNNELS" != shared ] || echo "link set dev vxlan0 vlan_tunnel on learning off"
    echo "vlan add dev eth2 vid 10 pvid untagged"
    for vlan in $VLANS; do
      if [ "$TUNNELS" = shared ]; then
        echo "vni add dev vxlan0 vni 100$vlan"
        echo "vlan add dev vxlan0 vid $vlan"
        echo "vlan add dev vxlan0 vid $vlan tunnel_info id 100$vlan"
      else
        echo "link set dev vxlan$vlan learning off"
        echo "vlan add dev vxlan$vlan vid $vlan pvid untagged"
      fi
      echo "vlan add dev eth3 vid $vlan"
      echo "vlan add dev eth4 vid $vlan"
    done
  } | bridge -batch -
}

daemons() {
  mkdir -p /run/log /run/roamd
  cat >/run/gobgpd.toml <<END
[global.config]
  as = 65000
  router-id = "$VTEP"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "$PEER"
    peer-as = 65000
  [neighbors.timers.config]
    connect-retry = 1
    hold-time = 30
    keepalive-interval = 10
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "l2vpn-evpn"
END
  echo "state: /run/roamd/state" >/run/roamd.yaml
  "$GOBGPD" -f /run/gobgpd.toml --api-hosts 127.0.0.1:50051 --pprof-disable >/run/log/gobgpd.log 2>&1 &
  node /roamd/dist/src/main.js --config /run/roamd.yaml >/run/log/roamd.log 2>&1 &
}

leaf() {
  wait_for eth1 eth2 eth3 eth4
  ip link set lo up
  ip address add "$VTEP/24" dev eth1
  ip link set eth1 up
  bridge_with_vlans
  daemons
}

host() {
  wait_for eth1
  ip link set eth1 address "02:00:00:00:00:0$NUMBER" up
  for vlan in $VLANS; do
    ip link add "eth1.$vlan" link eth1 type vlan id "$vlan"
    ip link set "eth1.$vlan" up
    ip address add "192.168.$vlan.$NUMBER/24" dev "eth1.$vlan"
  done
}

# The same MAC on both legs, an address on one alone; the other must not answer for it.
vm() {
  wait_for eth1 eth2
  for leg in eth1 eth2; do
    ip link set "$leg" address $MAC up
    if [ -n "${TAG:-}" ]; then
      ip link add "$leg$TAG" link "$leg" type vlan id "${TAG#.}"
      ip link set "$leg$TAG" up
    fi
  done
  echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore
  printf '%s\n' "ADDRESS=$ADDRESS" "TAG=${TAG:-}" >/run/vm
}

place() {
  . /run/vm
  for leg in 1 2; do ip address flush dev "eth$leg$TAG"; done
  ip address add "$ADDRESS" dev "eth$1$TAG"
}

# Nobody here is to say anything by himself.
mute() {
  for which in all default; do echo 1 >"/proc/sys/net/ipv6/conf/$which/disable_ipv6"; done
}

case ${1:-up} in
  up)
    mute
    "$ROLE"
    touch /run/up
    sleep infinity &
    while :; do wait; done
    ;;
  place) place "$2" ;;
esac
