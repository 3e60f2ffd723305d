#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Debian packages: they are built, lintian is quiet, and one that is installed works, is upgraded
# and removed as it should be, and purged without a trace. Not part of `make check`, as it installs
# a package, if only where nothing of this machine is touched: make check TESTS=tests/deb.sh

if [ -z "${in_namespace:-}" ] && unshare -m true 2>/dev/null; then
    in_namespace=yes exec unshare -m sh "$0"
fi

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"
# shellcheck source=tests/package.sh
. "$srcdir/tests/package.sh"

pages=$(cd "$srcdir/man" && echo *.[1-8])

# build_elsewhere: the same from the archive, at other times and in a directory with another name;
# output goes to $tmp/elsewhere.log
build_elsewhere() {
    mkdir "$tmp/elsewhere" &&
        tar -C "$tmp/elsewhere" --strip-components=1 -xf "$BINDIR"/secflow-*.tar.xz &&
        find "$tmp/elsewhere" -exec touch -d '1 hour ago' {} + &&
        (cd "$tmp/elsewhere" && umask 077 && ./configure -q && BINDIR=. && TZ=Asia/Kathmandu && export TZ && build) \
            >"$tmp/elsewhere.log" 2>&1
}

# mount_root: $root, in which /mnt is $tmp
mount_root() {
    mount_overlay &&
        mount --bind /dev $root/dev &&
        mount --bind /proc $root/proc &&
        mount -t tmpfs tmpfs $root/run &&
        mount -t tmpfs tmpfs $root/tmp &&
        mount --bind "$tmp" $root/mnt &&
        inside dpkg --audit
}

# inside COMMAND...: run it in $root, as root, who may have the current directory in PATH
inside() {
    chroot $root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin: LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

# remove_package: keeps the configuration and what was captured
remove_package() {
    inside dpkg --remove secflow
}

# kept: lists what must stay until a purge
kept() {
    (cd $root && find etc/secflow etc/systemd var/lib/secflow var/spool/secflow | sort)
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

    clean=$(traces)
    ok 'it is installed' install_package
    for tool in pcap2flow zeek2flow eve2flow ipfix2flow vpc2flow flowbeacon flowcap flowupload flowevent flowlabel flowtop flowmerge flowreport flowseen flowmeta; do
        like "$(inside $tool -V)" "^$tool .*[0-9]" "$tool runs"
    done
    is "$(inside pcap2flow /mnt/trace.pcap)" "$("$BINDIR/pcap2flow" "$tmp/trace.pcap")" \
        'pcap2flow writes what that of the build does'
    like "$(inside sh -c 'pcap2flow /mnt/trace.pcap | flowmeta')" '"title":"' 'flowmeta has its starter set'
    for page in $pages; do
        ok "page $page" test -f "$root/usr/share/man/man${page##*.}/$page.gz"
    done
    is "$(inside stat -c '%n %U:%G %a' /var/lib/secflow /var/spool/secflow)" '/var/lib/secflow flowcap:secflow 2770
/var/spool/secflow secflow:secflow 700' 'the folders are for their users alone'
    for unit in flowcap@eth0.service flowupload.service; do
        if [ -x $root/usr/bin/systemd-analyze ]; then
            is "$(inside systemd-analyze verify $unit 2>&1 | grep flow)" '' "unit $unit"
        else
            skip "unit $unit" 'no systemd-analyze'
        fi
    done
    is "$(find $upper/etc/systemd/system ! -type d 2>/dev/null)" '' 'no unit is enabled'
    if [ -x $root/usr/bin/systemctl ]; then
        for unit in flowcap@eth0.service flowupload.service; do
            inside systemctl -q enable $unit
            is "$(inside systemctl is-enabled $unit)" enabled "$unit can be enabled"
        done
    else
        skip 'units can be enabled' 'no systemctl'
    fi

    # A process still in a subdirectory replaces it by a link at just that moment
    mkdir "$tmp/bin" "$tmp/theirs" "$tmp/handed" "$tmp/handed/below"
    touch "$tmp/theirs/key" "$tmp/handed/below/key"
    cat >"$tmp/bin/chown" <<'END'
#!/bin/sh
[ "$2" != flowcap:secflow ] || { mv /mnt/handed/below /mnt/handed/moved && ln -s /mnt/theirs /mnt/handed/below; }
exec /bin/chown "$@"
END
    chmod 755 "$tmp/bin/chown"
    ok 'a folder changes hands' inside env PATH=/mnt/bin:/usr/bin:/bin sh -ec \
        "$(sed -n '/^give()/,/^}/p' "$srcdir/build-aux/debian/postinst"); give /mnt/handed flowcap 700"
    is "$(inside stat -c %U /mnt/theirs/key)" root 'but not what a link leads to'

    # Kept until a purge: windows, samples and configuration. Samples that a tool
    # left there when root tried it become the service's, but no file with a hard link elsewhere.
    is_status 75 'a sample waits in the spool' inside runuser -u secflow -- sh -c '
        pcap2flow /mnt/trace.pcap | flowupload -u http://127.0.0.1:9/ --linger 0 -s /var/spool/secflow'
    inside runuser -u flowcap -- touch /var/lib/secflow/window.sf
    inside sh -c 'cd /var/spool/secflow && mkdir -p rejected && chown root: rejected . && chmod 755 . &&
        touch roots rejected/roots && ln -s /etc/secflow/key link && ln /etc/adduser.conf linked'
    echo SECFLOW_URL=http://127.0.0.1:9/ >$root/etc/secflow/environment
    (umask 077 && echo secret >$root/etc/secflow/key)
    before=$(kept)
    like "$before" '^var/spool/secflow/.*\.records\.' 'it is there'
    for step in install_package remove_package; do
        ok "then $step" $step
        is "$(kept)" "$before" "$step: the spool, the configuration and what is enabled stay"
    done
    is "$(inside find /var/spool/secflow -user root -printf '%f\n' | sort | xargs)" 'link linked' \
        'what root left in the spool is its user'"'"'s now, but for links'
    is "$(inside stat -c '%U %a' /var/spool/secflow /var/spool/secflow/rejected /etc/secflow/key | xargs)" \
        'secflow 700 secflow 755 root 600' 'as is the spool, but not the key'
    is "$(cat $root/etc/secflow/environment)" SECFLOW_URL=http://127.0.0.1:9/ 'as it was configured'
    like "$(traces)" '^\./var/spool/secflow/' 'so there are traces'

    ok 'it is purged' inside dpkg --purge secflow
    is "$(traces)" "$clean" 'without a trace'
    is "$(inside getent passwd secflow flowcap; inside getent group secflow)" '' 'the users and the group are gone'
    is_status 1 'dpkg does not know of it' dpkg-query --root=$root -s secflow
fi

done_testing
