#!/bin/sh
# Makes what a small guest of QEMU boots from, and prints the directory with its vmlinuz and
# initrd.gz. Nothing is installed. Exit code 3: not possible here, with the reason in a sentence.
set -eu
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin:/sbin
export PATH

if ! command -v qemu-system-x86_64 >/dev/null; then
  echo "Cannot migrate a guest: QEMU is missing (apt-get install --no-install-recommends qemu-system-x86)" >&2
  exit 3
fi
if [ ! -w /dev/net/tun ]; then
  echo "Cannot migrate a guest: /dev/net/tun is missing or not for this user, so no tap can be made (sudo?)" >&2
  exit 3
fi
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null || true)
parts=$(sh labs/debian.sh qemu-guest "${codename:-stable}")
place=${XDG_CACHE_HOME:-$HOME/.cache}/roamd/qemu
mkdir -p "$place"
new=$(mktemp -d "$place/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
root=$new/root
mkdir -p "$root/bin" "$root/lib" "$root/proc" "$root/sys" "$root/dev"
cp "$parts/busybox" "$root/bin/"
cp labs/qemu/init "$root/init"
chmod 755 "$root/init"
for module in "$parts"/*.ko*; do
  case $module in
    *.xz) "$parts/busybox" unxz -c "$module" >"$root/lib/$(basename "$module" .xz)" ;;
    *) cp "$module" "$root/lib/" ;;
  esac
done
(cd "$root" && find . | "$parts/busybox" cpio -o -H newc 2>/dev/null | gzip -1 >"$new/initrd.gz")
ln -f "$parts/vmlinuz" "$place/vmlinuz" 2>/dev/null || cp "$parts/vmlinuz" "$place/vmlinuz"
mv "$new/initrd.gz" "$place/initrd.gz"
echo "$place"
