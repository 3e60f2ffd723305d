#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tools have the hardening that the compiler and the linker support here.

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"

if [ "${SANITIZERS:-no}" != no ]; then
    skip 'hardening' 'sanitizers take its place'
    done_testing
    exit
fi
command -v objdump >/dev/null || bail_out 'no binutils'
makefile=${BINDIR:?}/Makefile
cc=$(sed -n 's/^CC = //p' "$makefile")
flags=$(sed -n 's/^HARDEN_CFLAGS = //p' "$makefile")

# takes FLAG: true if the compiler accepts it
takes() {
    # shellcheck disable=SC2086 # it may be several words
    echo 'int x;' | $cc -Werror "$1" -c -x c -o "$tmp/out.o" - 2>/dev/null
}

for flag in -fstack-clash-protection -fcf-protection; do
    if takes $flag; then
        like " $flags " " $flag " "$flag is used"
    else
        skip "$flag is used" "$cc does not take it"
    fi
done
# shellcheck disable=SC2086
level=$(printf '#include <stdio.h>\nlevel __USE_FORTIFY_LEVEL\n' |
    $cc -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -E -P - | sed -n 's/^level //p')
[ "$level" = 3 ] || level=2
like " $flags " " -D_FORTIFY_SOURCE=$level " "_FORTIFY_SOURCE is $level"

for tool in pcap2flow zeek2flow eve2flow ipfix2flow flowbeacon flowcap flowevent flowlabel flowtop flowmerge flowreport flowseen flowupload flowmeta; do
    headers=$(readelf -Whld "$BINDIR/$tool")
    like "$headers" 'Type: +DYN' "$tool: runs at any address"
    like "$headers" 'GNU_RELRO' "$tool: its tables become read-only"
    like "$headers" 'BIND_NOW' "$tool: before it runs"
    symbols=$(readelf -Ws "$BINDIR/$tool")
    like "$symbols" '__stack_chk_fail' "$tool: overwritten stacks are seen"
    like "$symbols" '__(mem|str|read|poll|[a-z]*printf)[a-z]*_chk' "$tool: so are buffers that overflow"
    code=$(objdump -d --no-show-raw-insn "$BINDIR/$tool")
    case " $flags $(uname -m)" in
    *' -fcf-protection '*86*)
        like "$(echo "$code" | grep -A 1 '<main>:')" 'endbr' "$tool: where jumps may end is marked"
        ;;
    *) skip "$tool: where jumps may end is marked" 'another processor' ;;
    esac
done

done_testing
