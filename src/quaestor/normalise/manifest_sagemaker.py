"""Put the requests that make a SageMaker endpoint into the form that its API answers in.

CreateEndpointConfig names models; CreateModel says what they are, and CreateEndpoint what the
endpoint is called. Only the first has to be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quaestor.core.deploy import DeployObject
from quaestor.normalise.sagemaker import SUPPLIED as _SUPPLIED

# What requests alone tell of what the API would.
SUPPLIED = {field: how for field, how in _SUPPLIED.items() if field != "deployment.image_digests"}

# What a configuration does not have where its request leaves it out.
_LEFT_OUT = ("KmsKeyId", "DataCaptureConfig", "EnableNetworkIsolation", "VpcConfig")


def endpoints(objects: Sequence[DeployObject]) -> Iterator[tuple[DeployObject, dict[str, Any]]]:
    """Yield each endpoint configuration as the endpoint that it will be.

    Its name is that of the CreateEndpoint request where there is one, else the configuration's.
    What runs is what the configuration asks for.
    """
    models = {
        name: _model(one.value) for one in objects if (name := one.text("ModelName")) is not None
    }
    requests = {
        config: one
        for one in objects
        if (config := one.text("EndpointConfigName")) and "ProductionVariants" not in one.value
    }
    for one in objects:
        if "ProductionVariants" not in one.value:
            continue
        config = one.text("EndpointConfigName")
        request = requests.get(config or "")
        named = request.text("EndpointName") if request else None
        name = named or one.text("EndpointName") or config
        variants = one.value["ProductionVariants"]
        yield (
            one,
            {
                "EndpointName": name,
                "EndpointArn": f"deploy:{name}",
                "EndpointConfig": {**dict.fromkeys(_LEFT_OUT), **one.value},
                **(
                    {"LastDeploymentConfig": request.value.get("DeploymentConfig")}
                    if request
                    else {}
                ),
                "ProductionVariants": [
                    _state(each) for each in variants if isinstance(each, Mapping)
                ],
                "Models": models,
                "Tags": _tags(one.value.get("Tags")),
            },
        )


def _model(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model as it is landed: its containers have no environments."""
    listed = request.get("Containers") or [request.get("PrimaryContainer")]
    containers = [
        {key: value for key, value in each.items() if key != "Environment"}
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, Mapping)
    ]
    return {
        **{key: value for key, value in request.items() if key != "PrimaryContainer"},
        "Containers": containers,
    }


def _state(variant: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "VariantName": variant.get("VariantName"),
        "CurrentInstanceCount": variant.get("InitialInstanceCount"),
    }


def _tags(tags: Any) -> dict[str, str]:
    """Return tags by key: requests list them as pairs."""
    if not isinstance(tags, list):
        return {}
    return {
        str(each.get("Key")): str(each.get("Value")) for each in tags if isinstance(each, Mapping)
    }
