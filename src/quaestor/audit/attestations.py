"""Attestations: who vouches for a requirement, since when, until when, and by which document.

    - pack: iso-42001
      requirement: A.2.2
      by: grace
      at: 2026-10-01
      document: https://wiki.acme.example/ai-policy
      valid_until: 2027-09-30           # the last day, UTC
      note: Signed by the board.        # optional

A file holds one attestation, or a list of them. It stands in for evidence that no policy can
give; it never covers a violation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from msgspec import Struct

from quaestor.audit.packs import Pack
from quaestor.audit.policy_file import Text
from quaestor.core.config import Config
from quaestor.core.documents import Document, convert, read_document
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean

DEFAULT = "attestations.yaml"
_FIX = "Correct it: text (in quotes if it looks like a number), days as 2026-12-31."


class AttestationFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every key of an attestation."""

    pack: Text
    requirement: Text
    by: Text
    at: date
    document: Text
    valid_until: date
    note: Text | None = None


@dataclass(frozen=True)
class Attestation:
    """One attestation, and where it stands, as `attestations.yaml:3`."""

    says: AttestationFile
    place: str

    def in_force(self, today: date) -> bool:
        """Return whether it counts on a day, UTC; its first and last day are part of it."""
        return self.says.at <= today <= self.says.valid_until


def load_attestations(config: Config, packs: Sequence[Pack]) -> tuple[Attestation, ...]:
    """Read the attestations that a configuration names; none where there is no file.

    Args:
        config: Names a file or a folder; else `attestations.yaml` beside it, if there is one.
        packs: All that the configuration loads.

    Raises:
        ConfigurationError: The configured file is missing, an attestation is malformed, or it
            names a pack or requirement that does not exist; says the line.
    """
    place = config.resolve(config.attestations or DEFAULT)
    if place.is_dir():
        files = sorted(path for path in place.iterdir() if path.suffix in (".yaml", ".yml"))
    elif place.is_file():
        files = [place]
    elif config.attestations is None:
        return ()
    else:
        raise ConfigurationError(
            "there is no such file or folder of attestations",
            where=str(place),
            fix="Make it, or correct `attestations:` in the configuration.",
        )
    return tuple(one for path in files for one in _read(path, packs))


def _read(path: Path, packs: Sequence[Pack]) -> Iterator[Attestation]:
    document = read_document(path)
    for part, says in _parsed(document):
        for key, what, fix in _objections(says, packs):
            where = f"{path}:{document.line_of((*part, key))}"
            raise ConfigurationError(what, where=where, fix=fix)
        yield Attestation(says, f"{path.name}:{document.line_of((*part, 'requirement'))}")


def _parsed(document: Document) -> Iterator[tuple[tuple[str, ...], AttestationFile]]:
    """Yield each attestation of a file, and where in it it stands."""
    if document.value is None:
        return
    if not isinstance(document.value, list):
        yield (), convert(document, AttestationFile, fix=_FIX)
        return
    found = convert(document, tuple[AttestationFile, ...], fix=_FIX)
    for number, says in enumerate(found):
        yield (str(number),), says


def _objections(says: AttestationFile, packs: Sequence[Pack]) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with an attestation: the key, the fault, the remedy."""
    known = {pack.name: pack for pack in packs}
    pack = known.get(says.pack)
    if pack is None:
        otherwise = f"Choose from {', '.join(known)}." if known else "No pack is loaded."
        fix = did_you_mean(says.pack, known, otherwise=otherwise)
        yield "pack", f"there is no framework pack '{says.pack}'", fix
    elif says.requirement not in pack.evidence:
        otherwise = f"`quaestor policy coverage --pack {says.pack}` lists them."
        fix = did_you_mean(says.requirement, pack.evidence, otherwise=otherwise)
        what = f"the pack '{says.pack}' has no requirement '{says.requirement}'"
        yield "requirement", what, fix
    if says.valid_until < says.at:
        what = f"it is valid until {says.valid_until}, before it was made on {says.at}"
        yield "valid_until", what, "Correct the day."
