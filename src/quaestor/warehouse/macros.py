"""Null-safe functions for policies, and guards around those of the engine's that may not end.

A macro is put in place as text: columns in its own subqueries are renamed, or an argument such
as `source` would mean them. Text says something only beyond spaces, separators and controls.
"""

from __future__ import annotations

from collections.abc import Mapping

Supplied = Mapping[tuple[str, str], bool | None]  # of a source and a field, or a table
MOST_EXAMINED = 16_384  # characters that a regular expression of a policy is held against

_NOTHING = r"[\s\p{Z}\p{C}]*"
# "n/a" and "TBD" fill a field and say nothing.
_PLACEHOLDERS = (
    "none|no|nil|null|nan|n\\.?/?a|not applicable|t\\.?b\\.?[da]|"
    "to ?do|to be (added|decided|defined|determined|done)|pending|unknown|undefined|"
    "unassigned|unspecified|not (yet )?(assigned|available|defined|known|set|specified)|"
    "nobody|missing|empty|placeholder|off|false|disabled|more information needed|"
    "[-?.]+|x{2,}"
)
_UNSTATED = rf'(?i)[\s\p{{Z}}\p{{C}}\[(<"]*({_PLACEHOLDERS})[\s\p{{Z}}\p{{C}}\]).>"]*|{_NOTHING}'
_FIGURE = (
    "try_cast(case when json_valid(metrics) then metrics else '{}' end "
    "->> ('/' || replace(replace(metric, '~', '~0'), '/', '~1')) as double)"
)
# To count the digits is faster than a pattern that does: it stands for 128 of them, at each place.
_DIGITS = "regexp_extract({}::varchar, '([0-9a-fA-F]+)\\s*$', 1)"
MACROS = {
    "has_text": f"(x) as not coalesce(regexp_full_match(x::varchar, '{_NOTHING}'), true)",
    "blank": f"(x) as coalesce(regexp_full_match(x::varchar, '{_NOTHING}'), true)",
    # A subquery for each use would be joined to every row; the answer is a list of few sources.
    "supplies": """(a_source, a_field) as coalesce(list_contains(coalesce(
        map_extract_value(getvariable('quaestor_suppliers'), a_field),
        map_extract_value(getvariable('quaestor_suppliers'), split_part(a_field, '.', 1))
    ), a_source), false)""",
    "percent": "(ratio) as coalesce(round(100 * ratio, 1)::varchar || ' %', 'unknown')",
    # For reasons, which people read; what is counted is the decimal itself.
    "money": "(x) as coalesce(format('{:,.2f}', round(x, 2)::double), 'unknown')",
    "is_stated": f"(x) as not coalesce(regexp_full_match(x::varchar, '{_UNSTATED}'), true)",
    "words_of": """(x) as list_filter(
        list_transform(string_split(coalesce(lower(x), ''), ','), lambda word: trim(word)),
        lambda word: word <> '')""",
    "is_digest": rf"""(x) as coalesce(
        regexp_full_match(x::varchar, '\s*(.*@)?([a-zA-Z0-9]+[:=-])?[0-9a-fA-F]+\s*')
        and length({_DIGITS.format("x")}) between 32 and 128, false)""",
    # NULL where one is no digest, or of another length: sha256 and md5 cannot be compared.
    "same_digest": f"""(x, y) as list_transform(
        [{{'one': lower({_DIGITS.format("x")}), 'other': lower({_DIGITS.format("y")})}}],
        lambda said: case
            when length(said.one) between 32 and 128 and length(said.one) = length(said.other)
            then said.one = said.other end)[1]""",
    # Whole days, and one day of tomorrow for zones and clocks that disagree.
    "is_recent": "(a_day, a_time, days) as a_day::date between a_time::date - days::integer "
    "and a_time::date + 1",
    "is_high_risk": "(a_class) as coalesce(starts_with(lower(trim(a_class)), 'high'), false)",
    # By JSON pointer, so that a metric may have any name, such as "$" or "a/b".
    "metric_of": f"""(metrics, metric) as case when isfinite({_FIGURE}) then {_FIGURE} end""",
    # NULL where nobody says where it runs; prod-eu and prod2 are production, pre-prod is not.
    "in_production": f"""(x) as case when not regexp_full_match(x::varchar, '{_NOTHING}')
        then regexp_full_match(
            lower(trim(x)), '(production|prod|prd|live)([0-9]*|[-_./: ].*)') end""",
    # NULL where of no version it is known that it is in production, and of one not that it is not.
    "serves": """(a_model) as (
        select case
            when bool_or("?lifecycle" = 'production') then true
            when not coalesce(bool_or("?lifecycle" is null), false) then false end
        from (
            select model as "?model", lifecycle as "?lifecycle" from registry.model_version
        ) where "?model" = a_model
    )""",
}
MACRO_TABLES = {"supplies": "registry.evidence", "serves": "registry.model_version"}
# The engine cannot be interrupted within one text. What is longer is not known: NULL.
_EXAMINED = f"case when length(a_text) <= {MOST_EXAMINED} then system.main.{{}}(a_text, {{}}) end"
GUARDS = {
    name: ", ".join(
        f"({', '.join(['a_text', *rest])}) as {_EXAMINED.format(name, ', '.join(rest))}"
        for rest in (("a_pattern", "b", "c")[:most] for most in range(1, 1 + more))
    )
    for name, more in {
        "regexp_matches": 2,
        "regexp_full_match": 2,
        "regexp_extract": 3,
        "regexp_extract_all": 3,
    }.items()
}


def suppliers(supplied: Supplied) -> dict[str, list[str]]:
    """Return who supplies each field that anybody speaks of; the macro `supplies` looks there.

    What is said of a field counts before what is said of its table.

    >>> suppliers({("a", "run"): True, ("b", "run"): True, ("b", "run.seed"): False})
    {'run': ['a', 'b'], 'run.seed': ['a']}
    """
    sources = sorted({source for source, _ in supplied})
    found: dict[str, list[str]] = {}
    for field in sorted({field for _, field in supplied}):
        table = field.partition(".")[0]
        found[field] = []
        for source in sources:
            own = supplied.get((source, field))
            if supplied.get((source, table)) if own is None else own:
                found[field].append(source)
    return found
