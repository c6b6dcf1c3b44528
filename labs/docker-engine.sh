#!/bin/sh
# Runs a command with a Docker engine: the one that is reachable, or else one of our own, which takes
# nothing from the machine and leaves nothing on it: its programs are installed nowhere, its data and its
# socket lie in the cache directory, its bridges and firewall rules in a network namespace that ends with
# it. Compose comes along if it is missing. Without a registry (our own engine asks none) the base images
# are made from what this machine has.
#
#   sh labs/docker-engine.sh COMMAND ARG...       with what it found in DOCKER_HOST, DOCKER_CONFIG and others
#
# Exit code 3: there is none, and none can be run here, with the reason in a sentence.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
home=${XDG_CACHE_HOME:-$HOME/.cache}/roamd/docker

give_up() {
  echo "Cannot run a Docker engine: $1" >&2
  exit 3
}

codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)

with_compose() {
  docker compose version >/dev/null 2>&1 && return
  # That of Debian 12 is compose 1, which is another thing.
  DOCKER_CONFIG=$(sh labs/debian.sh docker-compose trixie) || give_up "it has no compose"
  export DOCKER_CONFIG
}

# The engine is told of no bridge in the machine's own network, and lets its firewall alone there: images
# are built with the machine's network, and all else happens in a namespace.
start() {
  rm -f "$home/sock" "$home/pid"
  # shellcheck disable=SC2086 # words
  $1 sh -c '
    # What an engine before this one has left behind of mounts and processes is not seen from here.
    exec dockerd --config-file "$0/none.json" --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid" \
      --host "unix://$0/sock" $1' "$home" "$2" >"$home/log" 2>&1 </dev/null &
  engine=$!
  tries=0
  until docker version >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 150 ] && kill -0 $engine 2>/dev/null || {
      reason=$(tail -n 1 "$home/log")
      stop
      give_up "$reason"
    }
    sleep 0.2
  done
}

# It is the first process of its namespace, so all that it has started ends with it. The unshare around it
# does not pass on that it shall end.
stop() {
  kill -0 "$engine" 2>/dev/null || return 0
  kill "$(cat "/proc/$engine/task/$engine/children")" 2>/dev/null || kill -KILL "$engine"
  tries=0
  while kill -0 "$engine" 2>/dev/null && [ $tries -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.2
  done
  kill -KILL "$engine" 2>/dev/null || true
  wait "$engine" 2>/dev/null || true
}

# A minimal Debian; and the same with the Node, the npm and the headers of this machine. The Node may come
# from elsewhere than Debian, so what it is linked to is there in any Debian.
base_images() {
  if ! docker image inspect roamd-base >/dev/null 2>&1; then
    root=$home/root
    rm -rf "$root"
    "$(sh labs/debian.sh debootstrap "$codename")" --variant=minbase "$codename" "$root" >"$home/log.debootstrap" 2>&1 ||
      give_up "debootstrap says: $(tail -n 1 "$home/log.debootstrap")"
    cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/" 2>/dev/null || true
    tar -C "$root" -c . | docker import - roamd-base >/dev/null
    rm -rf "$root"
  fi
  npm=$(dirname "$(readlink -f "$(command -v npm)")")/..
  node=$(node -p process.execPath)
  headers=$(sh labs/debian.sh node-headers "$codename")
  mkdir -p "$home/node/usr/local/bin" "$home/node/usr/local/lib/node_modules" "$home/node/usr/local/include"
  cp "$node" "$home/node/usr/local/bin/node"
  cp -r "$npm/." "$home/node/usr/local/lib/node_modules/npm"
  cp -r "$headers/include/." "$home/node/usr/local/include"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$home/node/usr/local/bin/npm"
  ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$home/node/usr/local/bin/npx"
  # Whom this machine believes: the registry may be reached by way of a proxy with an authority of its own.
  mkdir -p "$home/node/etc/ssl/certs"
  cp /etc/ssl/certs/ca-certificates.crt "$home/node/etc/ssl/certs/"
  printf 'FROM roamd-base\nCOPY . /\nENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt\n' \
    >"$home/node/Dockerfile"
  docker build --quiet --tag roamd-node "$home/node" >/dev/null
  rm -rf "$home/node"
}

if docker version >/dev/null 2>&1; then
  with_compose
  exec "$@"
fi

[ "$(id -u)" -eq 0 ] || give_up "none is reachable, and to run one takes root"
command -v docker >/dev/null || PATH=$PATH:$(sh labs/debian.sh docker "$codename") || give_up "there is no docker"
programs=$(sh labs/debian.sh docker "$codename") || give_up "Debian's docker.io can not be had"
libraries=$(echo "$(dirname "$programs")"/usr/lib/*-linux-gnu)
PATH=$programs:$PATH
export PATH
mkdir -p "$home"
echo '{}' >"$home/none.json"
exec 9>"$home/lock"
flock 9
with_compose
DOCKER_HOST=unix://$home/sock
export DOCKER_HOST
trap 'stop; rm -rf "$home/exec" "$home/sock"' EXIT
trap 'exit 130' INT TERM
own="unshare --mount --pid --fork --kill-child --mount-proc env LD_LIBRARY_PATH=$libraries XTABLES_LIBDIR=$libraries/xtables"

# With the machine's network, to build.
start "$own" "--iptables=false --ip6tables=false --ip-forward=false --bridge=none"
base_images
NODE_IMAGE=roamd-node BASE_IMAGE=roamd-base BUILD_NETWORK=host
export NODE_IMAGE BASE_IMAGE BUILD_NETWORK
# The first stage by a name of its own, so that what is not named is old and can go.
for build in "--target build --tag roamd-build" "--tag roamd-lab"; do
  # shellcheck disable=SC2086 # words
  DOCKER_BUILDKIT=0 docker build --quiet --network host $build \
    --build-arg NODE_IMAGE=$NODE_IMAGE --build-arg BASE_IMAGE=$BASE_IMAGE . >"$home/log.build" 2>&1 || {
    tail -n 20 "$home/log.build" >&2
    echo "Cannot build the image" >&2
    exit 1
  }
done
docker image prune --force >/dev/null
stop

# With one of its own, to run.
start "unshare --net $own" ""
"$@"
