"""Read SQL that others wrote without running it: is it one SELECT, and what would it touch?

The engine's own parser gives the tree, so that nothing is guessed from text. What may stand
in a tree is listed, and all else is refused: a function that is added to the engine tomorrow
is refused until somebody has looked at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.warehouse.growth import MOST_GROWTH, MOST_REGULAR, growth_of, regular_size
from quaestor.warehouse.macros import GUARDS
from quaestor.warehouse.width import SCHEMAS, unqualified_names, whole_tables

MOST_CHARACTERS = 32_000
MOST_RELATIONS = 40  # the engine plans a join of hundreds for seconds, and cannot be interrupted


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Left out on purpose: what reads the outside (files, settings, clocks, chance), and what makes
# much of little (`repeat`, `lpad`, `replace`, `range` as a list), which no memory limit stops.
_FUNCTIONS = _words("""
    abs any_value approx_count_distinct arg_max arg_min array_agg avg bool_and bool_or
    cardinality ceil ceiling coalesce concat concat_ws contains corr count count_if count_star
    cume_dist date_diff date_part date_sub date_add date_trunc datediff datetrunc day dayname
    dayofmonth dayofweek dayofyear days_in_month dense_rank ends_with epoch error even exp
    extract first first_value flatten floor fmod geomean greatest grouping group_concat hour if
    ifnull ilike_escape instr isfinite isinf isnan isodow json_array_length json_contains
    json_exists json_extract json_extract_path json_extract_path_text json_extract_string
    json_keys json_object json_structure json_type json_valid json_value lag last last_day
    last_value lead least left len length like_escape list list_aggregate list_any_value
    list_append list_apply list_avg list_bool_and list_bool_or list_concat list_contains
    list_count list_distinct list_extract list_filter list_has list_has_all list_has_any
    list_last list_max list_median list_min list_position list_reverse list_slice list_sort
    list_sum list_transform list_unique list_value list_zip ln log log10 log2 lower ltrim
    make_date make_timestamp map_contains map_extract map_extract_value map_keys map_values max
    max_by md5 mean median min min_by minute mod mode month monthname not_ilike_escape
    not_like_escape nth_value ntile nullif percent_rank position pow power prefix quantile
    quantile_cont quantile_disc quarter rank regexp_extract regexp_extract_all
    regexp_full_match regexp_matches reverse right round round_even row row_number rtrim second
    sha256 sign split split_part sqrt starts_with stddev stddev_pop stddev_samp str_split
    strftime string_agg string_split strip_accents strlen strpos strptime struct_extract
    struct_pack substr substring suffix sum time_bucket to_days to_hours to_json to_minutes
    to_months to_seconds to_timestamp to_weeks to_years translate trim trunc try_strptime
    typeof upper var_pop var_samp variance week weekday weekofyear xor year yearweek
    unnest struct_extract_at array_extract array_slice map array_value timezone
    """)
_OPERATORS = _words(
    "!= !~~ !~~* % & && * ** + - -> ->> / // < << <= <@ = > >= >> @> ^ ^@ | || ~ ~~ ~~* ~~~"
)
_CALLABLE = _FUNCTIONS | _OPERATORS
_QUANTILES = ("quantile", "quantile_cont", "quantile_disc")
_TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series"})
_CLAUSES = (
    "modifiers",
    "where_clause",
    "group_expressions",
    "group_sets",
    "having",
    "sample",
    "qualify",
)
_CLOCKS = _words("""
    now today current_date current_time current_timestamp current_localtime transaction_timestamp
    current_localtimestamp get_current_time get_current_timestamp localtime localtimestamp
    """)
_ENVIRONMENT = _words("""
    user current_user session_user current_role current_catalog current_schema current_database
    """)
_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE"})
_TABLES = _words("""
    BASE_TABLE SUBQUERY JOIN TABLE_FUNCTION EMPTY EMPTY_FROM EXPRESSION_LIST PIVOT CTE
    """)


class SandboxError(ConfigurationError):
    """SQL that was refused, or that failed or was stopped when it ran."""


class NoMemoryError(SandboxError):
    """SQL that needs more memory than the engine has: others beside it may hold some."""


class Select(Struct, frozen=True):
    """One SELECT that may be run.

    Args:
        sql: Its text.
        tables: What it reads, such as "registry.model".
        parameters: The names of its `$parameters`.
        columns: Every column name it mentions, the last part of each, in order, once.
        unqualified: The columns that it names without a table; a row as a value looks alike.
        outputs: The names of what it returns; None where a `*` hides them.
        texts: Every text constant in it.
        patterns: The `$parameters` that are regular expressions.
        whole: Those of `tables` that it reads with every column, named or not.
    """

    sql: str
    tables: frozenset[str]
    parameters: frozenset[str]
    columns: tuple[str, ...]
    unqualified: frozenset[str]
    outputs: frozenset[str] | None
    texts: frozenset[str]
    patterns: frozenset[str]
    whole: frozenset[str]


def select_of(sql: str, tree: str, *, macros: Sequence[str] = ()) -> Select:
    """Judge one statement by its tree.

    Args:
        sql: The statement's text.
        tree: What the engine's `json_serialize_sql` says about it.
        macros: Functions of ours that it may call.

    Raises:
        SandboxError: It is no single SELECT, reads elsewhere, or calls what is not listed.
    """
    return _judged(sql, _root(tree), frozenset(macros))


def expression_of(sql: str, tree: str, *, macros: Sequence[str] = ()) -> Select:
    """Judge the tree of `select (EXPRESSION)`: one value, and nothing before or after it.

    Because the expression stands on its own, it means the same wherever it is put in brackets.

    Raises:
        SandboxError: As `select_of`, or there is more than an expression.
    """
    root = _root(tree)
    if (
        root.get("type") != "SELECT_NODE"
        or len(root["select_list"]) != 1
        or root["from_table"]["type"] != "EMPTY"
        or root["cte_map"]["map"]
        or root["aggregate_handling"] != "STANDARD_HANDLING"
        or any(root[part] for part in _CLAUSES)
    ):
        raise SandboxError("is more than one expression", fix="Write one boolean expression.")
    return _judged(sql, root, frozenset(macros))


def _judged(sql: str, root: dict[str, Any], macros: frozenset[str]) -> Select:
    nodes = list(_walk(root))
    _check_kinds(nodes)
    names = {entry["key"] for node in nodes for entry in _with_entries(node)}
    tables = [node for node in nodes if node.get("type") in ("BASE_TABLE", "TABLE_FUNCTION")]
    if len(tables) > MOST_RELATIONS:
        raise SandboxError(
            f"reads {len(tables)} relations; {MOST_RELATIONS} are allowed",
            fix="Split it, or let a ledger table do the joining.",
        )
    of_tables = {id(node["function"]) for node in tables if "function" in node}
    for node in nodes:
        if id(node) not in of_tables:
            _check_call(node, macros)
    _check_growth(root, macros)
    return Select(
        sql=sql,
        tables=frozenset(filter(None, (_table(node, names) for node in tables))),
        parameters=frozenset(n["identifier"] for n in nodes if n.get("class") == "PARAMETER"),
        columns=tuple(dict.fromkeys(_columns(nodes))),
        unqualified=unqualified_names(nodes),
        outputs=_outputs(root),
        texts=frozenset(_texts(nodes)),
        patterns=frozenset(filter(None, map(_pattern, nodes))),
        whole=whole_tables(nodes),
    )


def _root(tree: str) -> dict[str, Any]:
    try:
        parsed = msgspec.json.decode(tree)
    except (RecursionError, msgspec.DecodeError):
        raise SandboxError("is nested too deeply", fix="Simplify it.") from None
    if parsed["error"]:
        message = parsed["error_message"].splitlines()[0]
        if parsed["error_type"] == "not implemented":
            raise SandboxError("is no SELECT", fix="A policy is one SELECT; it changes nothing.")
        raise SandboxError(f"is no valid SQL: {message}", fix="Correct the SQL.")
    if len(parsed["statements"]) != 1:
        raise SandboxError(
            f"holds {len(parsed['statements'])} statements", fix="Keep one SELECT, without `;`."
        )
    root: dict[str, Any] = parsed["statements"][0]["node"]
    return root


def _walk(root: Any) -> Iterator[dict[str, Any]]:
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(reversed([value for value in part.values() if value]))
        elif isinstance(part, list):
            waiting.extend(reversed(part))


def _check_kinds(nodes: Sequence[Mapping[str, Any]]) -> None:
    for node in nodes:
        kind = node.get("type")
        if not isinstance(kind, str) or "class" in node:
            continue
        if node.get("sample"):
            raise SandboxError("takes a random sample", fix="Read all rows.")
        if kind == "RECURSIVE_CTE_NODE":
            raise SandboxError("is recursive", fix="Say it without `with recursive`.")
        if kind.endswith("_NODE") and kind not in _NODES:
            raise SandboxError("changes or hides something", fix="Write one plain SELECT.")
        if "alias" in node and "query_location" in node and kind not in _TABLES:
            raise SandboxError(f"reads from a {kind.lower()}", fix="Read tables and subqueries.")


def _check_growth(root: Mapping[str, Any], macros: frozenset[str]) -> None:
    try:
        growth = growth_of(root, macros.union(GUARDS))
    except RecursionError:
        raise SandboxError("is nested too deeply", fix="Simplify it.") from None
    if growth > MOST_GROWTH:
        raise SandboxError(
            f"grows to {growth:.3g} expressions once its names are put in place; "
            f"{MOST_GROWTH:,} are allowed",
            fix="Use each name of a `with`, each alias and each `*` fewer times.",
        )


def _pattern(node: Mapping[str, Any]) -> str | None:
    """Return the parameter that a call takes for a regular expression; check a constant one.

    Raises:
        SandboxError: The expression comes out of the data, or is too large: neither could be
            stopped while one text is looked at. The same holds for a list of quantiles.
    """
    called = str(node.get("function_name", "")).lower()
    if called not in (*GUARDS, *_QUANTILES) or len(node["arguments"]) < 2:
        return None
    second = node["arguments"][1]["expression"]
    if second.get("class") == "PARAMETER":
        return str(second["identifier"]) if called in GUARDS else None
    if second.get("class") != "CONSTANT":
        raise SandboxError(
            f"calls {called}() with something worked out",
            fix="Write its second argument as one constant, or as a $parameter.",
        )
    literal = second.get("literal")
    if called in GUARDS and isinstance(literal, dict):
        check_regular(str(literal.get("text", "")))
    return None


def check_regular(pattern: str) -> None:
    """Refuse a regular expression that is too large.

    Raises:
        SandboxError: It takes more states than are allowed.
    """
    if (size := regular_size(pattern)) > MOST_REGULAR:
        raise SandboxError(
            f"holds a regular expression of {size:,} states; {MOST_REGULAR} are allowed",
            fix="Repeat less in it ({n}), or write several.",
        )


def _with_entries(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = node.get("cte_map")
    return list(found["map"]) if isinstance(found, dict) else []


def _table(node: Mapping[str, Any], names: set[str]) -> str | None:
    if node["type"] == "TABLE_FUNCTION":
        called = str(node["function"].get("function_name", "")).lower()
        if called in _TABLE_FUNCTIONS:
            return None
        raise SandboxError(f"reads from {called}()", fix=f"Read tables of {', '.join(SCHEMAS)}.")
    catalog, schema, table = node["catalog_name"], node["schema_name"].lower(), node["table_name"]
    if not catalog and not schema and table in names:
        return None
    if catalog or schema not in SCHEMAS:
        shown = ".".join(part for part in (catalog, schema, table) if part)
        raise SandboxError(
            f"reads {shown}", fix=f"Read schema-qualified tables of {', '.join(SCHEMAS)}."
        )
    return f"{schema}.{table.lower()}"


def _check_call(node: Mapping[str, Any], macros: frozenset[str]) -> None:
    if node.get("class") == "COLUMN_REF" and len(node["column_names"]) == 1:
        name = str(node["column_names"][0]).lower()
        if name in _CLOCKS:
            raise _no_clock(name)
        if name in _ENVIRONMENT:
            raise SandboxError(f"asks for {name}", fix="Judge by the evidence alone.")
    called = node.get("function_name")
    if not isinstance(called, str):
        return
    name = called.lower()
    if name in _CLOCKS:
        raise _no_clock(name)
    if name in macros or (name in _CALLABLE and not node.get("schema")):
        return
    otherwise = "Use the functions that policies may use."
    raise SandboxError(
        f"calls {name}(), which is not allowed here",
        fix=did_you_mean(name, [*_FUNCTIONS, *macros], otherwise=otherwise, form="{}()"),
    )


def _no_clock(name: str) -> SandboxError:
    return SandboxError(
        f"reads the clock ({name})", fix="Write $now: the time of the audit, the same for all."
    )


def _columns(nodes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for node in nodes:
        if node.get("class") == "COLUMN_REF" and node["column_names"]:
            yield str(node["column_names"][-1]).lower()


def _texts(nodes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for node in nodes:
        literal = node.get("literal") if node.get("class") == "CONSTANT" else None
        if isinstance(literal, dict) and literal.get("kind") == "STRING":
            yield str(literal["text"])


def _outputs(root: Mapping[str, Any]) -> frozenset[str] | None:
    items = root.get("select_list")
    if not items or any(item["class"] == "STAR" for item in items):
        return None
    names = (item["alias"] or (item.get("column_names") or [""])[-1] for item in items)
    return frozenset(str(name).lower() for name in names)
