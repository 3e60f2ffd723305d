#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# boot.sh ROOT SHARED [ARGUMENT...]: becomes systemd, as PID 1 of the namespaces created for it, in
# ROOT, where /mnt is the directory SHARED. Of what a machine usually starts, only the journal runs.
set -eu

root=$1
shared=$2
shift 2

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$shared" "$root/mnt"
mount --bind /dev/null "$root/etc/fstab"

# Devices that cannot affect this machine
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
while read -r name major minor; do
    mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done <<END
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
END
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"

# A package's scripts may start services
if [ -e "$root/usr/sbin/policy-rc.d" ]; then
    mount --bind /bin/true "$root/usr/sbin/policy-rc.d"
fi

mkdir -p "$root/run/systemd/system.control"
for unit in "$root"/etc/systemd/system/*.wants/* "$root"/lib/systemd/system/*.wants/*; do
    case ${unit##*/} in
    '*' | *.target | flow* | systemd-journald*) ;;
    *) ln -sf /dev/null "$root/run/systemd/system.control/${unit##*/}" ;;
    esac
done

cd "$root"
mkdir run/before
pivot_root . run/before
umount -l run/before
mount --make-rshared / # as systemd finds it in other containers: credentials come by this way
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=multi-user.target "$@" </dev/null
