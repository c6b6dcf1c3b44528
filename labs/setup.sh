#!/bin/sh
# Makes this checkout ready to build, test and demonstrate on a Debian machine that has Node and
# nothing else: Debian packages, npm packages, the native addon, the compiled TypeScript.
#
# It may be run again at any time; what is there already is left alone. All it says goes to stderr.
#
#   sh labs/setup.sh [PACKAGE...]     these Debian packages besides
set -eu
exec 1>&2
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
export PATH

# The Debian packages of which something that we need is missing, one per line.
missing_packages() {
  command -v gobgpd >/dev/null || echo gobgpd
  { [ -x /usr/lib/frr/bgpd ] && [ -x /usr/lib/frr/zebra ] && command -v vtysh >/dev/null; } || echo frr
  { command -v ip >/dev/null && command -v bridge >/dev/null; } || echo iproute2
  command -v ping >/dev/null || echo iputils-ping
  command -v tcpdump >/dev/null || echo tcpdump
  { command -v unshare >/dev/null && command -v nsenter >/dev/null; } || echo util-linux
  # The tests look with it at what roamd tells nf_tables; roamd itself needs it not.
  command -v nft >/dev/null || echo nftables
  # The tests of gobgpd over TLS make their certificates.
  command -v openssl >/dev/null || echo openssl
  command -v cc >/dev/null || echo gcc
  [ -e /usr/include/stdio.h ] || echo libc6-dev
  for package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok' || echo "$package"
  done
}

# Most ways to install Node bring its headers along, Debian's own package does not.
has_node_headers() {
  nodedir=$(npm config get nodedir 2>/dev/null || true)
  for prefix in "$(node -p 'path.resolve(fs.realpathSync(process.execPath), "../..")')" /usr /usr/local "$nodedir"; do
    [ ! -e "$prefix/include/node/node_api.h" ] || return 0
  done
  return 1
}

# frr and gobgpd are wanted as programs, not as services of this machine: nothing may start them,
# neither now (policy-rc.d, which package scripts ask) nor at the next boot.
install_packages() {
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  # shellcheck disable=SC2086 # a list of words
  apt-get -qq install -y --no-install-recommends $1 </dev/null
  if [ -d /run/systemd/system ]; then
    for service in frr gobgpd; do
      case " $1 " in *" $service "*) systemctl disable --now "$service" || true ;; esac
    done
  fi
}

if ! command -v apt-get >/dev/null; then
  echo "Cannot set up: this is not a Debian machine (no apt-get). See README.md for what is needed."
  exit 1
fi
missing=$(missing_packages "$@" | tr '\n' ' ' | sed 's/ $//')
if [ -n "$missing" ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "These Debian packages are missing. Type this one command, then try again:"
    echo
    echo "    sudo apt-get install -y --no-install-recommends $missing"
    echo
    exit 1
  fi
  echo "Installing Debian packages: $missing"
  install_packages "$missing"
  missing=$(missing_packages "$@" | tr '\n' ' ')
  if [ -n "$missing" ]; then
    echo "Cannot set up: still missing after apt-get: $missing"
    exit 1
  fi
fi

if ! npm ls --all >/dev/null 2>&1; then
  echo "Installing npm packages"
  npm ci --loglevel=error
fi
if ! has_node_headers; then
  # Those of any version will do: what the addon uses is the same in all of them.
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  npm_config_nodedir=$(sh labs/debian.sh node-headers "${codename:-stable}")
  CPATH=$npm_config_nodedir/include
  export npm_config_nodedir CPATH
fi
sh native/build.sh
npm run --silent build:ts
