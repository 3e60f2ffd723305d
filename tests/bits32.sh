#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a machine of 32 bits: the library of the converters, its unit tests, and converters, where gcc -m32
# can build them. Each says the same as with 64 bits.

tool_name=zeek2flow
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

bindir=$(dirname "$tool")
top=$(cd "$srcdir" && pwd)
cd "$tmp" || exit 99

# sources NAME: the C files of Makefile.am's NAME_SOURCES
sources() {
    sed -n "/^$1_SOURCES = /,/[^\\\\]\$/p" "$top/Makefile.am" | tr ' \t' '\n\n' | grep '\.c$'
}

# of TOOL: how to link with the libraries that it uses, of which only what runs is there, perhaps; zlib
# takes the place of ISA-L, which does not exist for 32 bits
of() {
    objdump -p "$bindir/$1" | sed -n 's/libisal\.so.*/libz.so.1/; s/^ *NEEDED *\(lib\(z\|zstd\|nettle\|pcap\)\.so.*\)/-l:\1/p'
}

# compile ARGUMENTS...: headers that differ between machines are taken from those of this one
compile() {
    gcc -m32 -std=gnu11 -O1 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
        -DPACKAGE_VERSION='"0"' -DPACKAGE_BUGREPORT='"nobody"' -I"$top/lib" -idirafter "/usr/include/$(gcc -print-multiarch)" \
        "$@"
}

# build TOOL: as ./TOOL
build() {
    # shellcheck disable=SC2046 # lists of words
    compile $warnings -o "$1" $(sources "$1" | sed "s|^|$top/|") -L. -lsecflow $(of "$1")
}

warnings='-Wall -Wextra -Wshadow -Wconversion -Werror'
needs='gcc -m32, objdump, or libraries of 32 bits: zlib, zstd, nettle'
echo 'int main(void) { return 0; }' >empty.c
# shellcheck disable=SC2046 # a list of words
if [ "$(getconf LONG_BIT)" = 32 ]; then
    needs='a machine of 64 bits'
elif command -v gcc >/dev/null && command -v objdump >/dev/null && compile -o empty empty.c $(of zeek2flow) 2>why &&
    ./empty 2>>why; then
    needs=
fi
[ "${SANITIZERS:-no}" = no ] || needs='a build without sanitizers'
if [ -n "$needs" ]; then
    skip '32 bits' "not here: $needs"
    done_testing
    exit
fi

# The library, several files at a time, and its tests

compile_each() {
    for source in $(sources libsecflow_a); do
        # shellcheck disable=SC2086 # a list of words
        compile $warnings -c -o "$(echo "$source" | tr / _).o" "$top/$source" || return
    done
    ar rc libsecflow.a ./*.o
}
ok 'the library: no warning' compile_each
[ -s libsecflow.a ] || bail_out 'no library'
for test in "$top"/tests/base/test_*.c "$top"/tests/packet/test_*.c "$top"/tests/name/test_*.c \
    "$top"/tests/flow/test_*.c "$top"/tests/log/test_*.c "$top"/tests/record/test_*.c; do
    name=$(basename "$test" .c)
    [ "$name" != test_json ] || set -- "$top/tests/fuzz/json_oracle.c"
    # shellcheck disable=SC2046 # a list of words
    ok "$name: it is built" compile -o "$name" "$test" "$@" -L. -lsecflow $(of zeek2flow) -lm
    set --
    srcdir=$srcdir "./$name" >"$name.out" 2>&1
    is $? 0 "$name: exit status" || tap_note 'what failed' "$(grep -A 4 '^not ok' "$name.out")"
done

# Converters

"$bindir/tests/traffic" demo trace.pcap >out || bail_out 'no capture'
"${PYTHON:-python3}" "$top/tests/zeeklogs.py" . 200 tsv || bail_out 'no logs'
"${PYTHON:-python3}" "$top/tests/captures.py" made || bail_out 'no captures'
ok 'zeek2flow: it is built' build zeek2flow
# same COMMAND...: with 32 bits and with 64
same() {
    one=$1
    shift
    "$bindir/$one" "$@" >want 2>&1
    like "$(head -n 1 want)" '^{"src"' "$one $*: there are records"
    is "$("./$one" "$@" 2>&1)" "$(cat want)" "$one $*: they are the same"
}
same zeek2flow -aSx conn.tsv.log dns.tsv.log
"$bindir/pcap2flow" -x trace.pcap >flows.sf
ok 'flowlabel: it is built' build flowlabel
same flowlabel flows.sf
# shellcheck disable=SC2046 # a list of words
if compile -o empty empty.c $(of pcap2flow) 2>why && ./empty 2>>why; then
    mv libsecflow.a parts.a
    compile -c -o filter.o "$top/lib/live/filter.c"
    cp parts.a libsecflow.a && ar r libsecflow.a filter.o
    ok 'pcap2flow: it is built' build pcap2flow
    for capture in trace.pcap made/*.pcap*; do
        "$bindir/pcap2flow" -aSx "$capture" >want 2>&1
        is "$(./pcap2flow -aSx "$capture" 2>&1)" "$(cat want)" "pcap2flow: the records of $(basename "$capture")"
    done
    same pcap2flow -x trace.pcap
else
    skip 'pcap2flow' 'no libpcap of 32 bits'
fi

done_testing
