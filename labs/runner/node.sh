#!/bin/sh
# The first process of a node, in mount, network, host name and process namespaces of its own.
# Gives it a file system that is the machine's but for /run and what the topology binds, as a
# container would have it, then becomes the node's command.
#
#   node.sh NAME COMMAND SOURCE:TARGET...     with sysctls as LAB_SYSCTLS="net.ipv4.ip_forward=1 ..."
set -eu
name=$1
command=$2
shift 2

hostname "$name" 2>/dev/null || true
root=/mnt
mount -t tmpfs -o mode=755 node $root
for entry in /*; do
  case $entry in
    /mnt | /proc | /run | /sys) mkdir "$root$entry" ;;
    *)
      if [ -L "$entry" ]; then
        cp -P "$entry" "$root$entry"
      elif [ -d "$entry" ]; then
        mkdir "$root$entry"
        mount --rbind "$entry" "$root$entry"
      fi
      ;;
  esac
done
mount -t proc proc $root/proc
mount -t sysfs sysfs $root/sys 2>/dev/null || mount --rbind /sys $root/sys
mount -t tmpfs -o mode=755 node $root/run

# FRR wants to be of its groups, and to write its own directories; here everybody is root.
sed -E 's/^((frr|frrvty):[^:]*:[^:]*:).*/\1root/' /etc/group >$root/run/group
mount --bind $root/run/group $root/etc/group
for directory in /etc/frr /var/lib/frr /var/tmp; do
  if [ -d $directory ]; then mount -t tmpfs -o mode=755 node $root$directory; fi
done

for bind in "$@"; do
  source=${bind%%:*}
  target=$root${bind#*:}
  if [ -d "$source" ]; then
    mkdir -p "$target"
  else
    mkdir -p "$(dirname "$target")"
    [ -e "$target" ] || : >"$target"
  fi
  mount --rbind "$source" "$target"
done

for setting in ${LAB_SYSCTLS:-}; do
  echo "${setting#*=}" >"$root/proc/sys/$(echo "${setting%%=*}" | tr . /)"
done
unset LAB_SYSCTLS

cd $root
pivot_root . mnt
cd /
umount -l /mnt
exec sh -c "exec $command"
