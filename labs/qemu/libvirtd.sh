#!/bin/sh
# Starts a libvirtd in a leaf of the lab, with our hook and listener: one whose files are the node's
# own, so that two on one machine do not know each other. Needs libvirt-daemon, libvirt-daemon-driver-qemu
# and libvirt-clients, of which nothing has to be configured.
#
#   libvirtd.sh UUID            the machine's, by which libvirt knows that two hosts are not one
set -eu
PATH=$PATH:/usr/sbin:/sbin
for directory in /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt; do
  mount -t tmpfs -o mode=755 node $directory
done
# Of a user that Debian makes only with the package which starts libvirtd at boot.
for file in passwd group; do
  grep -v '^libvirt-qemu:' /etc/$file >/run/libvirt-$file
done
echo 'libvirt-qemu:x:64055:64055::/:/bin/false' >>/run/libvirt-passwd
echo 'libvirt-qemu:x:64055:' >>/run/libvirt-group
for file in passwd group; do mount --bind /run/libvirt-$file /etc/$file; done

cat >/etc/libvirt/libvirtd.conf <<CONF
host_uuid = "$1"
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "3:file:/run/log/libvirtd.log"
CONF
# In a node everybody is root, and cgroups and a log daemon are the machine's.
cat >/etc/libvirt/qemu.conf <<CONF
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = [ ]
namespaces = [ ]
security_driver = "none"
stdio_handler = "file"
CONF
mkdir -p /etc/libvirt/hooks /var/lib/libvirt/qemu /var/log/libvirt/qemu
cp /roamd/configs/hooks/qemu /roamd/configs/hooks/libvirt-listener /etc/libvirt/hooks/
chmod 755 /etc/libvirt/hooks/*
# What the hook and the listener say is a log of the node.
echo 'ROAM="sh /roamd/labs/qemu/roam-aloud.sh"' >/etc/libvirt/hooks/roam.conf
libvirtd --daemon --pid-file /run/libvirtd.pid </dev/null >>/run/log/libvirtd.log 2>&1
until virsh --quiet list >/dev/null 2>&1; do sleep 0.1; done
/etc/libvirt/hooks/libvirt-listener </dev/null >>/run/log/libvirt-listener.log 2>&1 &
