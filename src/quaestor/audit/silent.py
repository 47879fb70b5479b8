"""Which policies have nothing to say about a model: to plan their queries takes longer than this.

Only those that ship, as they ship: what they read and return is known beforehand. Anybody else's,
and one whose parameters are set, is asked, so that one that is broken says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quaestor.audit.catalogue import models_of, ships
from quaestor.audit.compile import Compiled
from quaestor.audit.policies import Policy
from quaestor.audit.subjects import SUBJECTS
from quaestor.warehouse.sandbox import Sandbox


def silent(
    sandbox: Sandbox,
    policies: Sequence[Policy],
    sound: Mapping[str, Compiled],
    model: str,
) -> frozenset[str]:
    """Return the ids of policies that speak of rows of which none is of the model.

    Args:
        sandbox: Where they run, with all that is assumed of the model.
        policies: All that are asked.
        sound: Those of them that can run, by id.
        model: The model.

    Raises:
        SandboxError: The warehouse cannot be read.
    """
    spoken = {
        policy.id: places
        for policy in policies
        if policy.id in sound and (places := _places(policy)) is not None
    }
    held = sandbox.holding(sorted(frozenset[str]().union(*spoken.values())), model)
    return frozenset(name for name, places in spoken.items() if not places & held)


def _places(policy: Policy) -> frozenset[str] | None:
    """Return the columns that hold every model a policy may speak of; None: any model."""
    if not ships(policy.says):
        return None
    if policy.says.sql is not None:
        return models_of(policy.says.sql)
    subject = SUBJECTS[policy.says.subject or ""]
    return frozenset({f"{subject.table}.{subject.model}"} if subject.model else ())
