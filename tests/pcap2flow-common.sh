# SPDX-License-Identifier: Apache-2.0
# What the tests of pcap2flow share: the tool, and the captures.

tool_name=pcap2flow
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

cap=$tmp/captures
"${PYTHON:-python3}" "$srcdir/tests/captures.py" "$cap" || bail_out 'captures.py failed'
