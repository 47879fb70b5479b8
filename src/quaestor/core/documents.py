"""Read YAML that people write: exact about keys, and every complaint names its line.

Duplicate keys are refused (YAML would keep the last one silently), unknown keys get a
suggestion, and `${NAME}` takes its value from the environment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml
from msgspec import Struct, field

from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.core.text import printable

T = TypeVar("T")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PATH_PART = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+|\.\.\.)\]")
_SEE_SCHEMA = "Correct the value; `quaestor init --schema` prints what may stand there."
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 500  # levels of a document; what people write has ten
_SAFE = 5_000  # levels that the parser builds without harm


class Document(Struct, frozen=True):
    """One YAML file, parsed: its value, and the line on which each part of it stands.

    `texts` are its scalars as they were written: YAML takes 1.10 for the number 1.1.
    """

    path: Path
    value: Any
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    texts: Mapping[tuple[str, ...], str] = field(default_factory=dict)

    def line_of(self, part: tuple[str, ...]) -> int:
        """Return the line of a part, or of the nearest part around it (1 is the first)."""
        while part and part not in self.lines:
            part = part[:-1]
        return self.lines.get(part, 1)


def read_document(path: Path, *, absent: str = "Check the path.") -> Document:
    """Parse one YAML file.

    Args:
        path: The file.
        absent: What to do where there is none.

    Raises:
        ConfigurationError: No such file, not UTF-8, no valid YAML, or a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError("no such file", where=str(path), fix=absent) from None
    except IsADirectoryError:
        raise ConfigurationError(
            "is a folder, not a file", where=str(path), fix="Name the file."
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(
            f"cannot be read as text ({problem})", where=str(path), fix="Save the file as UTF-8."
        ) from None
    return parse_document(text, path)


def parse_document(text: str, path: Path) -> Document:
    """Parse YAML text that came from `path` (see `read_document`)."""
    [document] = _parsed(text, path, lambda loader: [loader.get_single_node()])
    return document


def parse_documents(text: str, path: Path) -> list[Document]:
    """Parse YAML text of any number of documents, divided by `---` (see `read_document`).

    Lines are counted from the start of the text; a document without content is left out.
    """
    return [one for one in _parsed(text, path, _every_node) if one.value is not None]


def _every_node(loader: Any) -> Iterator[yaml.Node]:
    while loader.check_node():
        yield loader.get_node()


def _parsed(
    text: str, path: Path, nodes: Callable[[Any], Iterable[yaml.Node | None]]
) -> list[Document]:
    try:
        _bound_depth(text)
        loader = _LOADER(text)
        try:
            return [_document(loader, node, path) for node in nodes(loader)]
        finally:
            loader.dispose()
    except RecursionError:
        raise ConfigurationError(
            "is nested too deeply", where=str(path), fix="Write it with fewer levels."
        ) from None
    except ValueError as problem:  # a date such as 2027-13-01, which YAML takes for one
        raise ConfigurationError(
            f"holds a value that cannot be read: {problem}",
            where=str(path),
            fix="Correct it, or put it in quotes if it is meant as text.",
        ) from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        what = getattr(problem, "problem", None) or str(problem).splitlines()[0]
        raise ConfigurationError(
            f"is no valid YAML: {printable(what)}",
            where=f"{path}{line}",
            fix="Check indentation, quotes and colons on that line.",
        ) from None


def _bound_depth(text: str) -> None:
    """Refuse levels without end before they are built: the parser in C would crash on them.

    Raises:
        RecursionError: There are more than are allowed.
    """
    if sum(map(text.count, "[{-?:")) <= _SAFE:  # no level is without one of these
        return
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise RecursionError
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _document(loader: Any, node: yaml.Node | None, path: Path) -> Document:
    if node is None:
        return Document(path, None)
    lines: dict[tuple[str, ...], int] = {}
    texts: dict[tuple[str, ...], str] = {}
    _survey(node, (), lines, texts, path, set())
    return Document(path, loader.construct_document(node), lines, texts)


def _survey(
    node: yaml.Node,
    part: tuple[str, ...],
    lines: dict[tuple[str, ...], int],
    texts: dict[tuple[str, ...], str],
    path: Path,
    visited: set[int],
) -> None:
    if id(node) in visited:
        raise ConfigurationError(
            "an alias (*name) is used; a document that repeats itself can grow without bound",
            where=f"{path}:{node.start_mark.line + 1}",
            fix="Write the value out where it is needed.",
        )
    visited.add(id(node))
    lines.setdefault(part, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise ConfigurationError(
                    f"the key '{printable(name)}' stands twice",
                    where=f"{path}:{key.start_mark.line + 1}",
                    fix="Remove one of the two; YAML would silently keep the last.",
                )
            seen.add(name)
            lines[(*part, name)] = key.start_mark.line + 1
            _survey(value, (*part, name), lines, texts, path, visited)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _survey(item, (*part, str(number)), lines, texts, path, visited)
    else:
        texts[part] = str(node.value)


def with_environment(value: Any, environment: Mapping[str, str], where: str) -> Any:
    """Replace `${NAME}` in every text of a parsed document.

    Raises:
        ConfigurationError: A variable that is not set; its name is said, never a value.
    """
    if isinstance(value, str):

        def substitute(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in environment:
                raise ConfigurationError(
                    f"the environment variable {name} is not set",
                    where=where,
                    fix=f"Set it (export {name}=...), or write the value into the file.",
                )
            return environment[name]

        return _VARIABLE.sub(substitute, value)
    if isinstance(value, dict):
        return {key: with_environment(item, environment, where) for key, item in value.items()}
    if isinstance(value, list):
        return [with_environment(item, environment, where) for item in value]
    return value


def convert(document: Document, shape: type[T], value: Any = None, *, fix: str = _SEE_SCHEMA) -> T:
    """Give a parsed document its type.

    Args:
        document: Where the value came from; names file and line in a complaint.
        shape: A msgspec Struct.
        value: The value to convert; the document's own unless given.
        fix: What to do about a value of the wrong type.

    Raises:
        ConfigurationError: An unknown key (with the nearest known one) or a wrong type.
    """
    raw = document.value if value is None else value
    try:
        return msgspec.convert(raw if raw is not None else {}, shape)
    except msgspec.ValidationError as problem:
        raise _complaint(str(problem), document, shape, fix) from None


def _complaint(message: str, document: Document, shape: type[Any], fix: str) -> ConfigurationError:
    what, _, place = message.partition(" - at `")
    part = tuple(a or b for a, b in _PATH_PART.findall(place.rstrip("`").removeprefix("$")))
    if unknown := re.search(r"unknown field `(.+)`", what):
        name = unknown.group(1)
        part = (*part, name)
        what = f"unknown key '{printable(name)}'"
        others = [key for key in known_keys(shape) if key != name]  # which stands elsewhere
        fix = did_you_mean(name, others, otherwise="Remove it.")
    elif missing := re.search(r"missing required field `(.+)`", what):
        what = f"the key '{missing.group(1)}' is missing"
        fix = f"Add `{missing.group(1)}:`."
    elif (other := re.fullmatch(r"Invalid (?:enum )?value '(.*)'", what)) and part:
        what = f"unknown value '{printable(other.group(1))}'"
        known = known_values(shape, part[-1])
        fix = did_you_mean(other.group(1), known, otherwise=fix)
    elif wanted := _asked_for(what, shape):
        pattern, words = wanted
        text = document.texts.get(part, "")
        what = f"'{printable(text)}' is not {words}" if text else f"it is not {words}"
        near = [one for one in (text.upper(), text.lower()) if re.fullmatch(pattern, one)]
        fix = f"Did you mean '{near[0]}'?" if near else fix
    shown = printable(".".join(part))
    where = f"{document.path}:{document.line_of(part)}"
    return ConfigurationError(what, where=f"{where} ({shown})" if shown else where, fix=fix)


def _asked_for(what: str, shape: type[Any]) -> tuple[str, str] | None:
    """Return the pattern that a text should have, and its title; None where it has no title."""
    pattern = re.search(r"matching regex '(.*)'", what)
    if pattern is None:
        return None
    pending: list[Any] = [msgspec.json.schema(shape)]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if one.get("pattern") == pattern.group(1) and "title" in one:
                return pattern.group(1), one["title"]
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return None


def known_keys(shape: type[Any]) -> list[str]:
    """Return every key that may stand anywhere in documents of a shape, sorted."""
    return sorted({key for keys in _properties(shape) for key in keys})


def known_values(shape: type[Any], key: str) -> list[str]:
    """Return every word that may stand at a key, wherever in documents of a shape it is, sorted."""
    schemas = [keys[key] for keys in _properties(shape) if key in keys]
    return sorted({str(word) for schema in schemas for word in schema.get("enum", ())})


def _properties(shape: type[Any]) -> list[dict[str, Any]]:
    schemas = msgspec.json.schema(shape).get("$defs", {}).values()
    return [schema.get("properties", {}) for schema in schemas]
