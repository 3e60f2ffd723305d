# SPDX-License-Identifier: Apache-2.0
# A ClickHouse server of this test alone, and the table of flowupload(1) in it. Source it after
# flowupload-common.sh.

# start_clickhouse: sets $clickhouse, its process, and $clickhouse_port and _version; user and key are
# in the file headers
start_clickhouse() {
    hold_port
    clickhouse_port=$held
    held= # another one for others
    cat >config.xml <<END
<yandex>
  <logger><level>error</level><console>1</console></logger>
  <http_port>$clickhouse_port</http_port>
  <listen_host>127.0.0.1</listen_host>
  <path>$tmp/data/</path>
  <tmp_path>$tmp/data/tmp/</tmp_path>
  <user_files_path>$tmp/data/files/</user_files_path>
  <mark_cache_size>10000000</mark_cache_size>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
</yandex>
END
    cat >users.xml <<'END'
<yandex>
  <profiles><default></default></profiles>
  <users><test><password>secret</password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></test></users>
  <quotas><default></default></quotas>
</yandex>
END
    printf 'X-ClickHouse-User: test\nX-ClickHouse-Key: secret\n' >headers
    chmod 600 headers
    clickhouse-server --config-file=config.xml >clickhouse.log 2>&1 3>&- &
    clickhouse=$!
    trap 'kill -9 $clickhouse 2>/dev/null; rm -rf "$tmp"' EXIT
    wait_for ClickHouse query 'SELECT 1' || bail_out "ClickHouse does not start: $(tail -n 1 clickhouse.log)"
    clickhouse_version=$(query 'SELECT version()')
}

stop_clickhouse() {
    kill -9 $clickhouse
    wait $clickhouse 2>/dev/null
    :
}

# query SQL: its rows, with tabs between columns
query() {
    curl -sS --fail-with-body -H @headers --data-binary "$1" "http://127.0.0.1:$clickhouse_port/"
}

# fit: adapts SQL or a command on standard input to this server. Debian's ClickHouse is of 2018:
# it has neither times of microseconds, nor their intervals, nor rows that expire, nor inserts that it
# gathers. Rows expire with no server here, since the records of the tests are of 2023.
fit() {
    case $clickhouse_version in
    18.*)
        sed -e "s/DateTime64(6, /DateTime(/; s/LowCardinality(String)/String/; s/&async_insert=1//" \
            -e 's/toStartOfInterval(\(toDateTime([a-z]*)\), INTERVAL \([0-9]*\) second)/toDateTime(intDiv(toUInt32(\1), \2) * \2)/' \
            -e '/^TTL/d; /^SETTINGS ttl/d'
        ;;
    *) sed -e '/^TTL/d; /^SETTINGS ttl/d' ;;
    esac
}

# clickhouse_recipe N: the Nth literal block of flowupload(1) about ClickHouse
clickhouse_recipe() {
    awk -v n="$1" '
        /^\.S[hs]/ { on = $0 == ".Ss ClickHouse" }
        /^\.Ed/ { literal = 0 }
        on && literal && count == n { gsub(/\\e/, "\\"); print }
        /^\.Bd -literal/ { literal = 1; count += on }' "$here/../man/flowupload.1" | fit
}
