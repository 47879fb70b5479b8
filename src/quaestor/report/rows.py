"""Templates whose rows are plain mappings: `row.cost` is the column `cost`, whatever it is called.

Jinja looks for an attribute first, so that a column `items` would be a method of the mapping;
and each look that fails costs more than the cell it is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

_COMPILED: dict[str, bytes] = {}  # compiling all pages takes a second: once in a process


def row_environment(**options: Any) -> Environment:
    """Return what renders templates, with columns before attributes.

    Args:
        options: As `jinja2.Environment` takes them.
    """
    from jinja2 import BytecodeCache, Environment

    class Compiled(BytecodeCache):
        def load_bytecode(self, bucket: Any) -> None:
            if bucket.key in _COMPILED:
                bucket.bytecode_from_string(_COMPILED[bucket.key])  # told apart by its source

        def dump_bytecode(self, bucket: Any) -> None:
            _COMPILED[bucket.key] = bucket.bytecode_to_string()

    class RowEnvironment(Environment):
        def getattr(self, obj: Any, attribute: str) -> Any:
            """Return a column of a row, else what Jinja finds."""
            if type(obj) is dict and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

    return RowEnvironment(bytecode_cache=Compiled(), **options)
