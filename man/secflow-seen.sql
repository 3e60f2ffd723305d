-- SPDX-License-Identifier: Apache-2.0
-- What a fleet has seen, counted by ClickHouse: see flowseen(1), "Many sensors".
--
--   clickhouse-client --multiquery < secflow-seen.sql
--
-- The records come by flowupload -F ndjson. They need flowId and sensor, and domain if they are to be
-- counted by domain. Tried with ClickHouse 18.16, not with later versions, which have all that is used
-- here by their documentation.

-- Records are inserted here. They are counted by the view below and not kept: no source stays.
CREATE TABLE IF NOT EXISTS seenrecord (
    dst String,
    relativeStart Float64,
    trafficDate String,
    sensor String,
    flowId String,
    domain String,
    time UInt32 MATERIALIZED toUInt32(toFloat64OrZero(trafficDate) + relativeStart),
    ids Array(String) MATERIALIZED arrayFilter(x -> x != '', [
        unhex(substring(flowId, 1, 32)),
        substring(SHA256(concat('destination ', dst)), 1, 16),
        if(domain = '', '', substring(SHA256(concat('domain ', domain)), 1, 16))])
) ENGINE = Null;

-- A row for each key and sensor, as in a store of flowseen. A sample that comes again changes nothing:
-- samples is a set (exact up to 65536, then an estimate), earliest a minimum, latest a maximum.
CREATE TABLE IF NOT EXISTS seen (
    id FixedString(16),
    sensor String,
    samples AggregateFunction(uniq, String),
    earliest AggregateFunction(min, UInt32),
    latest AggregateFunction(max, UInt32)
) ENGINE = AggregatingMergeTree PARTITION BY tuple() ORDER BY (id, sensor);

CREATE MATERIALIZED VIEW IF NOT EXISTS seencount TO seen AS
SELECT toFixedString(arrayJoin(ids), 16) AS id, sensor, uniqState(trafficDate) AS samples,
    minState(time) AS earliest, maxState(time) AS latest
FROM seenrecord
WHERE trafficDate != '' AND sensor != ''
GROUP BY id, sensor;

-- The lines for flowseen -I: SELECT * FROM seenlines FORMAT JSONEachRow
CREATE VIEW IF NOT EXISTS seenlines AS
SELECT lower(hex(id)) AS key, sensor, uniqMerge(samples) AS n, minMerge(earliest) AS first,
    maxMerge(latest) AS last
FROM seen
GROUP BY id, sensor;
