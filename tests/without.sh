#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A build without libcurl, libseccomp and jansson: configure says which tools there are, and tests of
# JSON run without their oracle.

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"

top=$(cd "$srcdir" && pwd)
cd "$tmp" || exit 99
why=
command -v pkg-config >/dev/null || why='no pkg-config'
[ "${SANITIZERS:-no}" = no ] || why='the same with sanitizers'
if [ -n "$why" ]; then
    skip 'a build without some libraries' "$why"
    done_testing
    exit
fi
mkdir modules
pkg-config --variable pc_path pkg-config | tr ':' '\n' | while read -r folder; do
    for module in "$folder"/*.pc; do
        case ${module##*/} in
        jansson.pc | libcurl.pc | libseccomp.pc) ;;
        *) [ ! -e "$module" ] || ln -sf "$module" modules ;;
        esac
    done
done
unset PKG_CONFIG_PATH MAKEFLAGS MFLAGS CFLAGS
PKG_CONFIG_LIBDIR=$tmp/modules
export PKG_CONFIG_LIBDIR
is_status 0 'configure: exit status' "$top/configure" -C 'CFLAGS=-O2 -g0'
like "$(cat out)" '^configure: pcap2flow, .*: yes$' 'configure: the tools there are'
like "$(cat out)" '^configure: flowcap: no: libseccomp .* is missing$' 'configure: no flowcap'
like "$(cat out)" '^configure: flowupload: no: libcurl .* is missing$' 'configure: no flowupload'
for tool in flowcap flowupload; do
    is_status 1 "--enable-$tool: exit status" "$top/configure" -C --enable-$tool 'CFLAGS=-O2 -g0'
    like "$(cat err)" "$tool: no: lib[a-z]* [0-9.]* is missing" "--enable-$tool: message"
done
is_status 0 'make: exit status' make -s zeek2flow tests/base/test_json
is "$(cat err)" '' 'make: no warning'
is_status 0 'test_json: exit status' tests/base/test_json
like "$(cat out)" '# SKIP .*jansson' 'test_json: it says that it has no oracle'

done_testing
