"""What instance types are made of, as EC2 says: SageMaker's are EC2's with `ml.` before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from quaestor.collect import aws
from quaestor.collect.objects import land_objects
from quaestor.collect.sagemaker_region import Object, Region, kept, pages
from quaestor.core.errors import QuaestorError

if TYPE_CHECKING:
    from quaestor.core.landed import LandedFile

KIND = "instance-types"
_KEEP = ("InstanceType", "VCpuInfo", "MemoryInfo", "GpuInfo")
_VALUES = 200  # the most that a filter takes
_PREFIX = "ml."


def land_types(region: Region, connect: Callable[[], Any]) -> list[LandedFile]:
    """Land the types that were met, each asked for once; one that EC2 does not tell has a name."""
    held = region.objects(region.held.get(f"{region.name}/{KIND}"))
    known = {str(one["InstanceType"]): one for one in held}
    wanted = {name for name in region.types if name.startswith(_PREFIX)} | set(known)
    missing = sorted(name for name in wanted if "VCpuInfo" not in known.get(name, {}))
    client = connect() if missing else None
    if client:
        region.progress(f"{region.source.name}: {region.name} {KIND}")
        try:
            with aws.explained(region.source, region.where("EC2")):
                known |= {_PREFIX + str(one["InstanceType"]): one for one in _told(client, missing)}
            region.read += 1
        except QuaestorError as problem:
            region.missed(KIND, problem)
    if not wanted:
        return []
    types = [{**known.get(name, {}), "InstanceType": name} for name in sorted(wanted)]
    return [land_objects(region.landing, region.name, KIND, types)]


def _told(client: Any, names: list[str]) -> Iterator[Object]:
    """Yield what EC2 knows; a filter passes over a name that a list of names would stumble at."""
    for start in range(0, len(names), _VALUES):
        some = [name.removeprefix(_PREFIX) for name in names[start : start + _VALUES]]
        asked = [{"Name": "instance-type", "Values": some}]
        for one in pages(client, "describe_instance_types", "InstanceTypes", Filters=asked):
            yield kept(one, _KEEP)
