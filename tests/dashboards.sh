#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The dashboards for Grafana: their queries run against ClickHouse, and their metrics are those of the
# tools.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

bindir=$(dirname "$tool")
PATH=$bindir:$PATH:/usr/sbin
flows=$here/../man/secflow-grafana.json

# is_portable FILE: it has the form that Grafana imports, asks for a data source, and names no machine
is_portable() {
    jq -e '(.__inputs | map(select(.type == "datasource"))) as $inputs
        | .id == null and .uid == null and ($inputs | length) == 1
        and .templating.list[0].current.value == "${" + $inputs[0].name + "}"
        and ([.. | .datasource? | objects | select(.type != $inputs[0].pluginId)] == [])
        and ([.. | .datasource? | objects | .uid] | unique == ["${datasource}"])
        and ([.panels[].id] | length == (unique | length))
        and ([.panels[].type] - ["row"] | unique) == (.__requires | map(select(.type == "panel").id) | sort)' "$1"
}

# apart FILE: no two panels overlap, and all are within the 24 columns
apart() {
    jq -e '[.panels[].gridPos] as $all | all($all[]; .x >= 0 and .x + .w <= 24)
        and ([range($all | length) as $i | range($i) as $j | [$all[$i], $all[$j]]
            | select(.[0].x < .[1].x + .[1].w and .[1].x < .[0].x + .[0].w
                and .[0].y < .[1].y + .[1].h and .[1].y < .[0].y + .[0].h)] == [])' "$1"
}

for file in "$here"/../man/*.json; do
    ok "${file##*/} can be imported anywhere" is_portable "$file"
    ok "${file##*/}: its panels lie apart" apart "$file"
done

if ! command -v clickhouse-server >/dev/null || ! command -v curl >/dev/null; then
    skip 'the queries of the dashboard of flows' 'no clickhouse-server or no curl'
    done_testing
    exit
fi

# shellcheck source=tests/clickhouse.sh
. "$here/clickhouse.sh"
start_clickhouse
query "$(clickhouse_recipe 1)" || bail_out 'no table'

# Two sensors: the traffic of the office, with labels, in windows of a second, and that of the branch
# two days earlier, which has no names, and nothing to port 80.
"$bindir/tests/traffic" demo trace.pcap 2>out || bail_out 'no capture'
pcap2flow --sensor office -x -d 1 trace.pcap | flowlabel >office.sf
pcap2flow --sensor branch -x trace.pcap | jq -c 'select(.dstPort != 80) | del(.dstName)
    | .start = ((.start[:19] + "Z" | fromdate - 172800 | todate | .[:19]) + .start[19:])' >branch.sf
clickhouse_recipe 2 | sed -e "s/clickhouse.example:8123/127.0.0.1:$clickhouse_port/" \
    -e 's/flowupload/flowupload -s spool/; s/pcap2flow -x trace.pcap/cat office.sf branch.sf/' >recipe.sh
is_status 0 'ClickHouse has the records of two sensors' sh recipe.sh

end=1700003600
today=$((end - 86400))
week=$((end - 604800))

# panel TITLE COLUMNS FROM [VARIABLE=VALUE]...: the rows that it shows between FROM and $end
panel() {
    sql=$("${PYTHON:-python3}" "$here/dashboard.py" "$flows" "$1" "$3" $end ${4:+"$4"} ${5:+"$5"} | fit) &&
        query "SELECT $2 FROM ($sql)"
}

# of FILE... PROGRAM: the rows that jq makes of the array of records
of() {
    program=
    for last in "$@"; do
        program=$last
    done
    while [ $# -gt 1 ]; do
        cat "$1"
        shift
    done | jq -rs "
        def bytes: map(.srcBytes + .dstBytes) | add;
        def destination: .dstName // .dstIp;
        def kinds(f): map(f) | unique | length;
        $program | map(tostring) | join(\"\t\")"
}

has_rows() {
    rows=$(panel "$@") && [ -n "$rows" ]
}

"${PYTHON:-python3}" "$here/dashboard.py" "$flows" >titles
while IFS= read -r title; do
    ok "$title: has rows" has_rows "$title" '*' $week
    is "$(panel "$title" '*' $week sensor=none | grep -v '^0	0	')" '' "$title: and none of a sensor that is not there"
done <titles

# shellcheck disable=SC2016 # a variable of the dashboard
is "$(panel '$sensor' '*' $week)" "$(of office.sf branch.sf 'map([.sensor]) | unique[]')" 'the sensors to choose from'

summary='[length, bytes, kinds(.srcIp), kinds(destination), kinds(.sensor)]'
is "$(panel 'In the time shown' '*' $week)" "$(of office.sf branch.sf "$summary")" 'all that there is'
is "$(panel 'In the time shown' '*' $today)" "$(of office.sf "$summary")" 'all of a day'
is "$(panel 'In the time shown' '*' $week sensor=branch)" "$(of branch.sf "$summary")" 'all of a sensor'
is "$(panel 'In the time shown' '*' $week sensor=branch,office search=example)" \
    "$(of office.sf branch.sf "map(select(destination | contains(\"example\"))) | $summary")" 'all to some destinations'
is "$(panel 'In the time shown' '*' $week '' "search=it's")" "0	0	0	0	0" 'a quote can be searched for'

is "$(panel 'Sensors, the most silent first' '"Sensor", "Silent for"' $today)" \
    "$(of branch.sf office.sf "group_by(.sensor)[] | [.[0].sensor, $end - (map(.start[:19] + \"Z\" | fromdate) | max)]")" \
    'how long sensors have been silent, those that were heard before the time shown included'

minutes='group_by(.start[:16])[] | [(.[0].start[:16] + ":00Z" | fromdate), .[0].sensor'
is "$(panel 'Flows by sensor' 'toUnixTimestamp(time), sensor, flows' $week)" \
    "$(for sensor in branch office; do of $sensor.sf "$minutes, length]"; done)" 'flows by time and sensor'
is "$(panel 'Bytes by sensor' 'toUnixTimestamp(time), sensor, bytes' $week)" \
    "$(for sensor in branch office; do of $sensor.sf "$minutes, bytes]"; done)" 'bytes by time and sensor'

is "$(panel 'Top destinations by bytes' '*' $week)" \
    "$(of office.sf branch.sf 'group_by(destination)
        | map([(.[0] | destination), bytes, (map(.srcBytes) | add), (map(.dstBytes) | add), length, kinds(.srcIp)])
        | sort_by(-.[1], .[0])[]')" 'destinations by bytes'
is "$(panel 'Top destinations by sources' '*' $week)" \
    "$(of office.sf branch.sf 'group_by(destination) | map([(.[0] | destination), kinds(.srcIp), length, bytes])
        | sort_by(-.[1], -.[2], .[0])[]')" 'destinations by sources'
is "$(panel 'Top sources' '*' $week)" \
    "$(of office.sf branch.sf 'group_by(.srcIp)
        | map([.[0].srcIp, bytes, (map(.srcBytes) | add), (map(.dstBytes) | add), length, kinds(destination)])
        | sort_by(-.[1], .[0])[]')" 'sources by bytes'
is "$(panel Ports '*' $week)" \
    "$(of office.sf branch.sf 'group_by(.proto, .dstPort)
        | map([.[0].proto, .[0].dstPort // 0, length, bytes, kinds(.srcIp), kinds(destination)])
        | sort_by(-.[2], .[0], .[1])[]')" 'ports'
is "$(panel Categories '*' $week)" \
    "$(of office.sf 'group_by(.flowCategory) | map([.[0].flowCategory, length, bytes, kinds(destination)])
        | sort_by(-.[1], .[0])[]')" 'categories, of those that have one'

# What the branch saw before is not new, what only the office saw is.
of branch.sf 'map([destination]) | unique[]' >known
new='map(select(destination | IN($known[]) | not)) | group_by(destination)
    | map([(.[0] | destination), (min_by(.start).srcIp), kinds(.srcIp), length, bytes]) | sort[]'
is "$(panel 'New destinations' '"Destination", "First source", "Sources", "Flows", "Bytes"' $today | LC_ALL=C sort)" \
    "$(of office.sf "$(jq -Rs 'split("\n")' known) as \$known | $new")" 'destinations that were not seen before'
is "$(panel 'New destinations' '"Destination", "Flows"' $today sensor=branch)" '' 'none of a sensor that saw nothing since'

is "$(panel 'Destinations without a name' '*' $week sensor=branch)" \
    "$(of branch.sf 'group_by(.dstIp)
        | map([.[0].dstIp, length, kinds(.srcIp), bytes, (map("\(.proto)/\(.dstPort // 0)") | unique | join(" "))])
        | sort_by(-.[1], .[0])[]')" 'destinations without a name, and their ports'

conversations='"Source", "Destination", "Protocol", "Port", round("Active for" * 1000000), "Bytes"'
is "$(panel 'Long conversations' "$conversations" $today | LC_ALL=C sort)" \
    "$(of office.sf 'group_by(.communityId)[] | [.[0].srcIp, (max_by(.start) | destination), .[0].proto,
        .[0].dstPort // 0, (map(.duration * 1000000) | add | round), bytes]' | LC_ALL=C sort)" \
    'conversations, over all of their windows'
like "$(of office.sf 'group_by(.communityId) | map([length]) | max')" '^[2-9]' 'of which some have several'

stop_clickhouse
done_testing
