"""Turn a Vega-Lite specification into an SVG that can live inside a page.

The renderer needs no browser and no network. What it gives is cleaned: identifiers are made
unique to the figure, descriptions become native tooltips, and coordinates are cut to a
hundredth of a pixel, so that the page is small and the same on every machine. Our charts set
every size themselves, so that the fonts of the machine do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

VEGA_LITE = "6.1"  # the newest one that every vl-convert we accept has
_SPACE = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_GEOMETRY = ("d", "transform", "x", "y", "x2", "y2", "width", "height")
_DROPPED = ("role", "aria-roledescription", "aria-hidden", "pointer-events", "class", "version")


def render_svg(specification: Mapping[str, Any], key: str) -> Markup:
    """Render one chart.

    Args:
        specification: Vega-Lite, with its data inside; `width` and `padding` are set.
        key: Letters and digits that no other figure of the page has.

    Returns:
        An `<svg>` element without role or label: the page gives it both.
    """
    import vl_convert

    text = vl_convert.vegalite_to_svg(dict(specification), vl_version=VEGA_LITE)
    root = ElementTree.fromstring(text)  # noqa: S314 - our own renderer wrote it
    _clean(root, key)
    for parent in list(root.iter()):
        _prune(parent)
    ElementTree.register_namespace("", _SPACE[1:-1])
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - escaped by it


def _clean(root: ElementTree.Element, key: str) -> None:
    for element in root.iter():
        label = element.attrib.pop("aria-label", None)
        if label and element.get("role") == "graphics-symbol" and label != "-":
            title = ElementTree.Element(f"{_SPACE}title")
            title.text = label
            element.insert(0, title)
        for name in _DROPPED:
            element.attrib.pop(name, None)
        for name, value in list(element.attrib.items()):
            if name in _GEOMETRY:
                element.set(name, _NUMBER.sub(_hundredth, value))
            elif "#clip" in value or name == "id":
                element.set(name, value.replace("clip", f"{key}-clip"))
    del root.attrib["width"], root.attrib["height"]


def _prune(parent: ElementTree.Element) -> None:
    """Drop what draws nothing: paths without ink, and groups left empty by that."""
    for child in list(parent):
        _prune(child)
        if _draws_nothing(child):
            parent.remove(child)


def _draws_nothing(element: ElementTree.Element) -> bool:
    if element.tag == f"{_SPACE}g":
        return len(element) == 0
    if element.tag != f"{_SPACE}path" or element.get("clip-path"):
        return False
    return element.get("display") == "none" or not (element.get("fill") or element.get("stroke"))


def _hundredth(match: re.Match[str]) -> str:
    text = f"{float(match.group()):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
