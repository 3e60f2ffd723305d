# SPDX-License-Identifier: Apache-2.0
"""What Grafana sends for a panel of a dashboard.

dashboard.py FILE                         the titles of its panels, a line each
dashboard.py FILE TITLE FROM TO [NAME=VALUE]...
                                          the panel's queries, with what the ClickHouse data source
                                          puts in place of its macros: the time shown is FROM to TO,
                                          in seconds since 1970, an interval is a minute, and
                                          a variable that has no VALUE is All, or empty; the
                                          title "$NAME" is the query of a variable
dashboard.py FILE --metrics               the names of metrics in the expressions of all panels
"""
import json
import re
import sys

MACRO = "$__conditionalAll("


def argument_end(text, start):
    """Where the argument that begins at start ends: at a comma or parenthesis that is not within others."""
    depth = 0
    for at in range(start, len(text)):
        if depth == 0 and text[at] in ",)":
            return at
        depth += {"(": 1, ")": -1}.get(text[at], 0)
    sys.exit(f"{text}: a parenthesis is missing")


def conditions(sql, values):
    """$__conditionalAll(condition, $variable) is the condition, or 1=1 if the variable is All or empty."""
    while MACRO in sql:
        start = sql.rindex(MACRO)
        comma = argument_end(sql, start + len(MACRO))
        end = argument_end(sql, comma + 1)
        condition, name = sql[start + len(MACRO):comma], sql[comma + 1:end].strip().removeprefix("$")
        sql = sql[:start] + (condition if values.get(name) else "1=1") + sql[end + 1:]
    return sql


def times(sql, start, end):
    start, end = f"toDateTime({start})", f"toDateTime({end})"
    sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 >= {start} AND \1 <= {end}", sql)
    sql = re.sub(r"\$__timeInterval\((\w+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 60 second)", sql)
    return sql.replace("$__fromTime", start).replace("$__toTime", end)


def quoted(value):
    return "'" + value.replace("'", "''") + "'"


def variables(sql, values):
    sql = re.sub(r"\$\{(\w+):singlequote\}", lambda m: ",".join(map(quoted, values[m[1]].split(","))), sql)
    return re.sub(r"\$\{(\w+):sqlstring\}", lambda m: quoted(values[m[1]]), sql)


def all_panels(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def queries(dashboard, title):
    for panel in all_panels(dashboard):
        if panel["title"] == title:
            yield from panel["targets"]
    for variable in dashboard["templating"]["list"]:
        if "$" + variable["name"] == title:
            yield variable["query"]


def metrics(dashboard):
    found = set()
    for panel in all_panels(dashboard):
        for target in panel.get("targets", []):
            found.update(re.findall(r"\bsecflow_\w+", target["expr"]))
    return sorted(found)


def main(path, title=None, start=None, end=None, *assignments):
    with open(path, encoding="utf-8") as file:
        dashboard = json.load(file)
    if title is None:
        print(*(panel["title"] for panel in all_panels(dashboard)), sep="\n")
        return
    if title == "--metrics":
        print(*metrics(dashboard), sep="\n")
        return
    values = dict(assignment.split("=", 1) for assignment in assignments)
    for query in queries(dashboard, title):
        sql = times(variables(conditions(query["rawSql"], values), values), start, end)
        if "$" in sql:
            sys.exit(f"{title}: what is this? {sql[sql.index('$'):]}")
        print(sql)


main(*sys.argv[1:])
