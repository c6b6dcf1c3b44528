#!/bin/sh
# The lab to play with: `npm run lab -- COMMAND`. It stays up in the background until it is taken
# down; all of it lives in namespaces, and ends with the process that holds them.
#
#   up [LAB]                 builds the lab (default: evpn-l2) and starts its daemons
#   exec NODE CMD...         runs a command in a node
#   shell NODE               a shell in a node
#   nodes                    the names of the nodes
#   move LEAF [SIGNAL...]    moves the VM to leaf1, leaf2 or leaf3
#   logs NODE                what the node's daemons have said
#   down                     takes the lab down
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
export PATH

state=${XDG_RUNTIME_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}}/roamd/lab

usage() {
  sed -n 's/^#   //p' "$0" >&2
  exit 2
}

running() {
  [ -r "$state/pid" ] && kill -0 "$(cat "$state/pid")" 2>/dev/null
}

up() {
  if running; then
    echo "Cannot bring the lab up: it is up already (npm run lab -- down)" >&2
    exit 1
  fi
  sh labs/setup.sh
  rm -rf "$state"
  mkdir -p "$state"
  setsid sh labs/runner/inside.sh node dist/labs/runner/hold.js "${1:-evpn-l2}" "$state" \
    </dev/null >"$state/log" 2>&1 &
  echo $! >"$state/pid"
  until [ -e "$state/nodes" ]; do
    running || { cat "$state/log" >&2; exit 1; }
    sleep 0.1
  done
  echo "The lab is up: $(cut -d ' ' -f 1 "$state/nodes" | tr '\n' ' ')"
}

# In two steps: the lab's namespaces first, in which alone the numbers of its processes mean anything.
enter() {
  running || { echo "Cannot enter the lab: it is not up (npm run lab -- up)" >&2; exit 1; }
  node=$1
  shift
  inner=$(sed -n "s/^$node //p" "$state/nodes")
  [ -n "$inner" ] || { echo "Cannot enter \"$node\": the nodes are $(cut -d ' ' -f 1 "$state/nodes" | tr '\n' ' ')" >&2; exit 2; }
  pid=$(cat "$state/pid")
  user=
  if [ "$(id -u)" -ne 0 ]; then user="--user --preserve-credentials"; fi
  # shellcheck disable=SC2086 # no word, or two
  exec nsenter --target="$pid" --root $user --mount --net --pid="/proc/$pid/ns/pid_for_children" -- \
    nsenter --target="$inner" --root --mount --net --uts --pid="/proc/$inner/ns/pid_for_children" -- \
    env --chdir=/ PATH="$PATH:/roamd/labs/runner/bin" "$@"
}

[ $# -ge 1 ] || usage
command=$1
shift
case $command in
  up) up "$@" ;;
  exec)
    [ $# -ge 2 ] || usage
    enter "$@"
    ;;
  shell)
    [ $# -eq 1 ] || usage
    PS1="$1# " enter "$1" sh -i
    ;;
  nodes) cut -d ' ' -f 1 "$state/nodes" ;;
  move)
    [ $# -ge 1 ] || usage
    enter vm node "$PWD/dist/labs/runner/move.js" "$@"
    ;;
  logs)
    [ $# -eq 1 ] || usage
    enter "$1" sh -c 'tail -n +1 /run/log/*'
    ;;
  down)
    running && kill -KILL "$(cat "$state/pid")"
    rm -rf "$state"
    ;;
  *) usage ;;
esac
