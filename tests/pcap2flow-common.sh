# What the tests of pcap2flow share: the tool, the captures, and jq programs that show records.

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"

tool=$(cd "${BINDIR:?}" && pwd)/pcap2flow # found after a cd, too
cap=$tmp/captures
[ -x "$tool" ] || bail_out "no $tool"
"${PYTHON:-python3}" "$srcdir/tests/captures.py" "$cap" || bail_out 'captures.py failed'

ports='[inputs.src | split(":")[-1]] | join(" ")'
flows='inputs | "\(.src) > \(.dst) \(.srcPkts) \(.srcBytes) \(.dstPkts) \(.dstBytes)"'
names='inputs | "\(.src | split(":")[-1]) \(.dst) \(.destinationNameSource)"'
