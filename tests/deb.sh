#!/bin/sh
# The Debian packages: they are built, lintian is quiet, and one that is installed works, is upgraded
# and removed as it should be, and purged without a trace. Not part of `make check`, as it installs
# a package, if only where nothing of this machine is touched: make check TESTS=tests/deb.sh

# That is an overlay of this machine's root, in a mount namespace of this test alone. All that was
# written is in its upper folder, and gone with the namespace.
if [ -z "${in_namespace:-}" ] && unshare -m true 2>/dev/null; then
    in_namespace=yes exec unshare -m sh "$0"
fi

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"

pages=$(cd "$srcdir/man" && echo *.[1-8])
upper=/mnt/upper
root=/mnt/root

# build: without the unit tests, which this build has run, and as if not called by make
build() {
    env -u MAKEFLAGS -u MFLAGS DEB_BUILD_OPTIONS=nocheck make -s -C "${BINDIR:?}" deb
}

# build_elsewhere: the same from the archive, at other times and in a folder with another name; what
# it says is in $tmp/elsewhere.log
build_elsewhere() {
    mkdir "$tmp/elsewhere" &&
        tar -C "$tmp/elsewhere" --strip-components=1 -xf "$BINDIR"/secflow-*.tar.xz &&
        find "$tmp/elsewhere" -exec touch -d '1 hour ago' {} + &&
        (cd "$tmp/elsewhere" && umask 077 && ./configure -q && BINDIR=. && TZ=Asia/Kathmandu && export TZ && build) \
            >"$tmp/elsewhere.log" 2>&1
}

# mount_root: $root, in which /mnt is $tmp
mount_root() {
    mount -t tmpfs tmpfs /mnt &&
        mkdir $upper /mnt/work $root &&
        mount -t overlay overlay -o lowerdir=/,upperdir=$upper,workdir=/mnt/work $root &&
        mount --bind /dev $root/dev &&
        mount --bind /proc $root/proc &&
        mount -t tmpfs tmpfs $root/run &&
        mount -t tmpfs tmpfs $root/tmp &&
        mount --bind "$tmp" $root/mnt &&
        inside dpkg --audit
}

# inside COMMAND...: run it in $root
inside() {
    chroot $root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

# install_package: with its man pages, which a small system may leave out
install_package() {
    inside dpkg --path-include='/usr/share/*' -i "/mnt/${package##*/}"
}

# remove_package: but not what is configured, nor the spool
remove_package() {
    inside dpkg --remove secflow
}

# kept: what is to stay until a purge
kept() {
    (cd $root && find etc/secflow etc/systemd var/spool/secflow | sort)
}

# is_as_before PATH: it is on this machine what it is in the overlay
is_as_before() {
    [ "$(stat -c '%a %u %g' "$1")" = "$(stat -c '%a %u %g' "/$1" 2>&1)" ] &&
        if [ -d "$1" ]; then [ -d "/$1" ]; else cmp -s "$1" "/$1"; fi
}

# traces: what is not as before, but for what dpkg, its triggers, and tools for passwd(5) keep of
# their own
traces() {
    cd $upper && find . \( -path ./var/lib/dpkg -o -path ./var/cache -o -path ./var/log -o \
        -path './etc/*-' -o -path ./etc/.pwd.lock \) -prune -o -print |
        while IFS= read -r path; do
            is_as_before "$path" || printf '%s\n' "$path"
        done
}

if ! command -v dh >/dev/null; then
    skip 'Debian packages' 'no debhelper'
    done_testing
    exit
fi
ok 'the packages are built' build || bail_out 'no packages'
package=$(echo "$BINDIR"/deb/secflow_*.deb)

if build_elsewhere; then
    for deb in "$BINDIR"/deb/*.deb; do
        ok "another build gives the same bytes: ${deb##*/}" cmp "$deb" "$tmp/elsewhere/deb/${deb##*/}"
    done
    rm -r "$tmp/elsewhere"
else
    tail -n 40 "$tmp/elsewhere.log" >&2
    bail_out 'it cannot be built from the archive'
fi

if command -v lintian >/dev/null; then
    is "$(lintian --allow-root --info --pedantic "$BINDIR"/deb/*.changes 2>&1)" '' 'lintian is quiet'
else
    skip 'lintian is quiet' 'no lintian'
fi

if [ -z "${in_namespace:-}" ]; then
    skip 'the package is installed' 'no mount namespace can be made here'
elif getent passwd secflow >/dev/null || dpkg-query -s secflow >/dev/null 2>&1; then
    skip 'the package is installed' 'there is one here already'
elif ! mount_root >"$tmp/mounts" 2>&1; then
    skip 'the package is installed' "no overlay of the root: $(tail -n 1 "$tmp/mounts")"
else
    cp "$package" "$tmp"
    "$BINDIR/tests/traffic" demo "$tmp/trace.pcap" 2>/dev/null || bail_out 'no capture'
    chmod 755 "$tmp" # the user secflow is to read it

    ok 'it is installed' install_package
    for tool in pcap2flow zeek2flow flowcap flowupload flowlabel; do
        like "$(inside $tool -V)" "^$tool .*[0-9]" "$tool runs"
    done
    is "$(inside pcap2flow /mnt/trace.pcap)" "$("$BINDIR/pcap2flow" "$tmp/trace.pcap")" \
        'pcap2flow writes what that of the build does'
    for page in $pages; do
        ok "page $page" test -f "$root/usr/share/man/man${page##*.}/$page.gz"
    done
    is "$(inside stat -c '%U:%G %a' /var/spool/secflow)" 'secflow:secflow 700' 'the spool is for its user alone'
    for unit in flowcap@eth0.service flowupload.service flowupload.timer; do
        if [ -x $root/usr/bin/systemd-analyze ]; then
            is "$(inside systemd-analyze verify $unit 2>&1 | grep flow)" '' "unit $unit"
        else
            skip "unit $unit" 'no systemd-analyze'
        fi
    done
    is "$(find $upper/etc/systemd/system ! -type d 2>/dev/null)" '' 'no unit is enabled'
    if [ -x $root/usr/bin/systemctl ]; then
        for unit in flowcap@eth0.service flowupload.timer; do
            inside systemctl -q enable $unit
            is "$(inside systemctl is-enabled $unit)" enabled "$unit can be enabled"
        done
    else
        skip 'units can be enabled' 'no systemctl'
    fi

    # What is worth keeping until a purge: a sample, of the service's user, and what was configured.
    is_status 75 'a sample waits in the spool' inside runuser -u secflow -- sh -c '
        pcap2flow /mnt/trace.pcap | flowupload -u http://127.0.0.1:9/ --linger 0 -s /var/spool/secflow'
    echo SECFLOW_URL=http://127.0.0.1:9/ >$root/etc/secflow/environment
    echo secret >$root/etc/secflow/key
    before=$(kept)
    like "$before" '^var/spool/secflow/.*\.records\.' 'it is there'
    for step in install_package remove_package; do
        ok "then $step" $step
        is "$(kept)" "$before" "$step: the spool, the configuration and what is enabled stay"
    done
    is "$(cat $root/etc/secflow/environment)" SECFLOW_URL=http://127.0.0.1:9/ 'as it was configured'
    like "$(traces)" '^\./var/spool/secflow/' 'so there are traces'

    ok 'it is purged' inside dpkg --purge secflow
    is "$(traces)" '' 'without a trace'
    is "$(inside getent passwd secflow; inside getent group secflow)" '' 'the user and the group are gone'
    is_status 1 'dpkg does not know of it' dpkg-query --root=$root -s secflow
fi

done_testing
