#!/bin/sh
# Makes something of a Debian suite available beside the system's own packages: nothing is installed,
# upgraded or configured, and the system's apt state is not touched.
#
#   sh labs/debian.sh gobgpd bookworm|trixie|forky|sid    prints the path of an executable gobgpd
#   sh labs/debian.sh frr SUITE                           prints a directory with executable zebra, bgpd, vtysh
#   sh labs/debian.sh docker SUITE                        prints a directory whose bin has dockerd and its like
#   sh labs/debian.sh docker-compose SUITE                prints a directory with plugins for the docker CLI
#   sh labs/debian.sh debootstrap SUITE                   prints the path of an executable debootstrap
#   sh labs/debian.sh node-headers SUITE                  prints a directory with include/node in it
#   sh labs/debian.sh promtool SUITE                      prints the path of an executable promtool
#   sh labs/debian.sh qemu-guest SUITE                    prints a directory with vmlinuz, virtio modules, busybox
#
# The mirror is the one this machine's own apt uses. What was downloaded stays in the cache directory;
# remove that directory to fetch anew. Exit code 3: not obtainable here, with the reason in a sentence.
set -eu

give_up() {
  echo "Cannot get $package of Debian $suite: $1" >&2
  exit 3
}

if [ $# -ne 2 ]; then
  echo "usage: sh labs/debian.sh PACKAGE SUITE" >&2
  exit 2
fi
package=$1
suite=$2
case $suite in
  *[!a-z-]* | "") give_up "\"$suite\" is not the name of a suite" ;;
esac

cache=${XDG_CACHE_HOME:-$HOME/.cache}/roamd/debian
place=$cache/$suite
root=$place/$package
case $package in
  gobgpd)
    packages=gobgpd
    ready=$root/run
    ;;
  frr)
    packages=frr
    ready=$root/bin
    ;;
  # Debian's libnode-dev asks for Debian's nodejs, which would take the place of the one there is:
  # unpacked, it asks for nothing.
  node-headers)
    packages="libnode-dev libuv1-dev"
    ready=$root/usr
    ;;
  # An engine, to run as it is: with a directory, a socket and a firewall of its own (docker-engine.sh).
  docker)
    packages="docker.io containerd runc tini iptables libip4tc2 libip6tc2 libxtables12 libnftnl11 libnetfilter-conntrack3 libnfnetlink0"
    ready=$root/bin
    ;;
  docker-compose)
    packages="docker-compose"
    ready=$root/usr/libexec/docker
    ;;
  debootstrap)
    packages=debootstrap
    ready=$root/run
    ;;
  # Of Prometheus, the program alone that checks what is written for it.
  promtool)
    packages=prometheus
    ready=$root/promtool
    ;;
  # What a small guest of QEMU is made of. The kernel of clouds, for it is half as large.
  qemu-guest)
    packages=busybox-static
    ready=$root/guest
    ;;
  *) give_up "it is not known here" ;;
esac

if [ -x "$ready" ]; then
  echo "$ready"
  exit 0
fi
for tool in apt-get dpkg flock; do
  command -v $tool >/dev/null || give_up "$tool is missing, so this is not a Debian machine"
done

mkdir -p "$place"
exec 9>"$place/lock"
flock 9
# Somebody else may have finished while we waited.
if [ -x "$ready" ]; then
  echo "$ready"
  exit 0
fi

# Every mirror that the machine's apt takes a Debian suite's main component from, one per line.
mirrors() {
  etc=$(apt-config shell d Dir::Etc/d)
  eval "$etc"
  # shellcheck disable=SC2154 # d is set by the line above
  for file in "$d"/sources.list "$d"/sources.list.d/*.list; do
    [ -r "$file" ] || continue
    sed -e 's/#.*//' -e 's/\[[^]]*\]//' "$file" |
      awk '$1 == "deb" && / main( |$)/ && $3 ~ debian { print $2 }' debian="$suites_of_debian"
  done
  for file in "$d"/sources.list.d/*.sources; do
    [ -r "$file" ] || continue
    awk -v debian="$suites_of_debian" '
      function flush() {
        if (types ~ /(^| )deb( |$)/ && components ~ /(^| )main( |$)/ && enabled !~ /no/ && suites ~ debian) {
          n = split(uris, each, " ")
          for (i = 1; i <= n; i++) print each[i]
        }
        types = components = enabled = suites = uris = field = ""
      }
      /^#/ { next }
      /^[ \t]*$/ { flush(); next }
      /^[^ \t]/ { field = tolower($0); sub(/:.*/, "", field); sub(/^[^:]*:/, "") }
      field == "types" { types = types " " $0 }
      field == "components" { components = components " " $0 }
      field == "enabled" { enabled = tolower($0) }
      field == "suites" { suites = suites " " $0 }
      field == "uris" { uris = uris " " $0 }
      END { flush() }
    ' "$file"
  done
}
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null || true)
suites_of_debian="(^| )(${codename:-stable}|stable|testing|unstable|sid|bookworm|trixie|forky)( |\$)"

# apt with a state of its own: no list, cache, preference or installed package of the system's is
# used or changed, while its proxies and credentials are. Root would step down to a user who may not
# read our directories, so it does not.
apt=$place/apt
private_apt() {
  apt-get -qq -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" \
    -o Dir::State="$apt/state" -o Dir::State::lists="$apt/state/lists" -o Dir::State::status="$apt/status" \
    -o Dir::Cache="$apt/cache" -o Dir::Cache::archives="$apt/cache/archives" \
    -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o Acquire::Check-Valid-Until=false -o Acquire::Check-Date=false \
    -o Acquire::Languages=none -o Acquire::Retries=2 -o APT::Install-Recommends=false "$@"
}

update() {
  for mirror in $(mirrors | sort -u); do
    rm -rf "$apt"
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
    : >"$apt/status"
    echo "deb $mirror $suite main" >"$apt/sources.list"
    if private_apt update --error-on=any >"$apt/log" 2>&1; then return 0; fi
    failure=$(sed -n 's/^E: //p' "$apt/log" | head -n 1)
  done
  give_up "${failure:-the apt configuration of this machine names no Debian mirror}"
}

# Unpacks packages into a directory that takes its final name only when it is whole.
unpack() {
  for deb in "$apt"/debs/*.deb; do
    dpkg -x "$deb" "$new" || give_up "$(basename "$deb") does not unpack"
  done
}

fetch() {
  rm -rf "$apt/debs"
  mkdir "$apt/debs"
  (cd "$apt/debs" && private_apt download "$@") >"$apt/log" 2>&1 ||
    give_up "$(sed -n 's/^[EW]: //p' "$apt/log" | head -n 1)"
}

# The libraries that a package asks for, as apt would install them on a machine which has nothing.
libraries_of() {
  private_apt --simulate install "$1" 2>"$apt/log" | awk '$1 == "Inst" && $2 ~ /^lib/ { print $2 }'
}

# A wrapper rather than the binary's own path, so that a binary which wants a newer libc than this
# machine's can be run through that of its suite.
wrapper() {
  cat >"$new/$1" <<WRAPPER
#!/bin/sh
exec $2 "\$@"
WRAPPER
  chmod +x "$new/$1"
}

# The programs call each other by name, so they find each other by PATH and their libraries beside them.
prepare_docker() {
  mkdir "$new/bin"
  for program in "$new"/usr/bin/* "$new"/usr/sbin/*; do
    ln -sf "..${program#"$new"}" "$new/bin/"
  done
  for program in iptables ip6tables; do
    ln -sf "../usr/sbin/$program-nft" "$new/bin/$program"
  done
  runs env PATH="$new/bin:$PATH" "$new/bin/dockerd" --version || give_up "it does not run on this machine"
}

prepare_docker_compose() {
  plugin=$new/usr/libexec/docker/cli-plugins/docker-compose
  [ -x "$plugin" ] || give_up "it is not the plugin of compose 2"
  runs "$plugin" version || give_up "it does not run on this machine"
}

prepare_debootstrap() {
  cat >"$new/run" <<WRAPPER
#!/bin/sh
DEBOOTSTRAP_DIR=$root/usr/share/debootstrap exec $root/usr/sbin/debootstrap "\$@"
WRAPPER
  chmod +x "$new/run"
}

prepare_promtool() {
  mv "$new/usr/bin/promtool" "$new/promtool"
  find "$new" -mindepth 1 -maxdepth 1 ! -name promtool -exec rm -rf {} +
  runs "$new/promtool" --version || give_up "it does not run on this machine"
}

# What the binary says of itself does not matter: that it can be run does.
runs() {
  "$@" >/dev/null 2>&1
}

find_libc() {
  loader=$(cd "$new" && find . -name 'ld-linux*.so.*' | head -n 1 | cut -c3-)
  libraries=$(dirname "$(cd "$new" && find . -name libc.so.6 | head -n 1 | cut -c3-)")
}

# Where the loader is to look, in the directory given.
under() {
  echo "$1/$libraries:$1/$libraries/frr"
}

# FRR's libraries are as new as itself, so it always runs with those of its suite. libyang reads its
# models from one place, whatever it is told: the daemons see those of their suite there, in a mount
# namespace of their own (which takes root, or the namespaces of a lab).
prepare_frr() {
  # shellcheck disable=SC2046 # a list of words
  fetch libc6 $(libraries_of frr)
  unpack
  find_libc
  mkdir "$new/bin"
  for program in usr/lib/frr/zebra usr/lib/frr/bgpd usr/bin/vtysh; do
    [ -x "$new/$program" ] || give_up "it has no $program"
    runs "$new/$loader" --library-path "$(under "$new")" "$new/$program" --help ||
      give_up "$program does not run on this machine, not even with its own libc"
    command="$root/$loader --library-path $(under "$root") $root/$program"
    case $program in
      usr/lib/*)
        models="mount --bind $root/usr/share/yang /usr/share/yang"
        command="unshare --mount sh -c '$models && exec \"\$@\"' sh $command"
        ;;
    esac
    wrapper "bin/$(basename $program)" "$command"
  done
}

prepare_gobgpd() {
  program=usr/bin/gobgpd
  if runs "$new/$program" --version; then
    wrapper run "$root/$program"
    return
  fi
  fetch libc6
  unpack
  find_libc
  runs "$new/$loader" --library-path "$new/$libraries" "$new/$program" --version ||
    give_up "it does not run on this machine, not even with its own libc"
  wrapper run "$root/$loader --library-path $root/$libraries $root/$program"
}

# The package with the kernel in it, which has its version in its name.
kernel_package() {
  private_apt --simulate install linux-image-cloud-amd64 2>"$apt/log" |
    awk '$1 == "Inst" && $2 ~ /^linux-image-[0-9]/ { print $2 }'
}

# Of a hundred megabytes, the few that are wanted.
prepare_qemu_guest() {
  mkdir "$new/guest"
  mv "$new"/boot/vmlinuz-* "$new/guest/vmlinuz"
  mv "$new/bin/busybox" "$new/guest/" 2>/dev/null || mv "$new/usr/bin/busybox" "$new/guest/"
  for module in failover net_failover virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_net; do
    # A later kernel has some of them in itself, and the others compressed.
    find "$new" -path "$new/guest" -prune -o -name "$module.ko*" -exec cp {} "$new/guest/" \;
  done
  find "$new" -mindepth 1 -maxdepth 1 ! -name guest -exec rm -rf {} +
}

update
new=$place/new
rm -rf "$new" "$root"
mkdir "$new"
if [ "$package" = qemu-guest ]; then packages="$packages $(kernel_package)"; fi
# shellcheck disable=SC2086 # a list of words
fetch $packages
unpack
case $package in
  gobgpd) prepare_gobgpd ;;
  frr) prepare_frr ;;
  docker) prepare_docker ;;
  docker-compose) prepare_docker_compose ;;
  debootstrap) prepare_debootstrap ;;
  promtool) prepare_promtool ;;
  qemu-guest) prepare_qemu_guest ;;
esac
mv "$new" "$root"
rm -rf "$apt"
echo "$ready"
