# SPDX-License-Identifier: Apache-2.0
# Where the Debian package is installed: an overlay of this machine's root, in a mount namespace of the
# test alone. Everything written is in its upper directory, and gone with the namespace. Source it;
# `inside COMMAND...`, which runs it there, is the test's own. SYSTEM may be the root of another
# system, such as debootstrap(8) makes.

upper=/mnt/upper
root=/mnt/root

# build: without the unit tests, which this build has run, and as if not called by make
build() {
    env -u MAKEFLAGS -u MFLAGS DEB_BUILD_OPTIONS=nocheck make -s -C "${BINDIR:?}" deb
}

# mount_overlay: $root, with nothing but files, and none that someone who tried the tools left
mount_overlay() {
    mount -t tmpfs tmpfs /mnt &&
        mkdir $upper /mnt/work $root &&
        mount -t overlay overlay -o lowerdir=${SYSTEM:-/},upperdir=$upper,workdir=/mnt/work $root &&
        rm -rf $root/etc/secflow $root/var/lib/secflow $root/var/spool/secflow
}

# install_package: with its man pages, which a small system may leave out
install_package() {
    inside dpkg --path-include='/usr/share/*' -i "/mnt/${package##*/}"
}

# is_as_before PATH: true if it is the same on this machine and in the overlay
is_as_before() {
    [ "$(stat -c '%a %u %g' "$1")" = "$(stat -c '%a %u %g' "${SYSTEM:-}/$1" 2>&1)" ] &&
        if [ -d "$1" ]; then [ -d "${SYSTEM:-}/$1" ]; else cmp -s "$1" "${SYSTEM:-}/$1"; fi
}

# traces: what is not as before, but for what dpkg, its triggers, and tools for passwd(5) keep of
# their own
traces() {
    (cd $upper && find . \( -path ./var/lib/dpkg -o -path ./var/cache -o -path ./var/log -o \
        -path './etc/*-' -o -path ./etc/.pwd.lock \) -prune -o -print) |
        while IFS= read -r path; do
            (cd $upper && is_as_before "$path") || printf '%s\n' "$path"
        done
}
