"""What of Vertex AI's answers is landed: evidence. Commands, arguments and variables are not.

They may hold secrets, and so do addresses of shells and the parameters of pipelines. Fields that
change at each look without telling anything (`updateTime` of a job that runs) stay away too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Fields = Mapping[str, Any]
_TIMES = ("createTime", "startTime", "endTime")
_WHAT = ("name", "displayName", "state", "error", "labels", *_TIMES)
_LOGGING = ("enabled", "samplingRate", "bigqueryDestination")
_RESOURCES = ("dedicatedResources", "automaticResources", "sharedResources")
PIPELINE_MASK = (
    "name,display_name,state,error,labels,create_time,start_time,end_time,template_uri,"
    "service_account,schedule_name"
)


def only(told: Fields, *names: str) -> dict[str, Any]:
    """Return some fields; one that is absent stays so.

    >>> only({"name": "a", "env": ["PASSWORD"]}, "name", "labels")
    {'name': 'a'}
    """
    return {name: told[name] for name in names if name in told}


def custom_job(told: Fields) -> dict[str, Any]:
    """Return what is landed of a CustomJob."""
    return {**only(told, *_WHAT), "jobSpec": _job_spec(told.get("jobSpec"))}


def batch_job(told: Fields) -> dict[str, Any]:
    """Return what is landed of a BatchPredictionJob."""
    machines = only(
        told.get("dedicatedResources") or {}, "machineSpec", "startingReplicaCount", "spot"
    )
    return {
        **only(told, *_WHAT, "model", "modelVersionId", "resourcesConsumed", "serviceAccount"),
        "dedicatedResources": machines,
    }


def tuning_job(told: Fields) -> dict[str, Any]:
    """Return what is landed of a HyperparameterTuningJob."""
    trials = [only(one, "id", "state", "customJob", *_TIMES) for one in told.get("trials") or ()]
    return {**only(told, *_WHAT), "jobSpec": _job_spec(told.get("trialJobSpec")), "trials": trials}


def training_pipeline(told: Fields) -> dict[str, Any]:
    """Return what is landed of a TrainingPipeline."""
    made = told.get("trainingTaskMetadata")
    backing = only(made, "backingCustomJob") if isinstance(made, Mapping) else {}
    return {
        **only(told, *_WHAT, "trainingTaskDefinition", "modelId"),
        "trainingTaskMetadata": backing,
        "inputDataConfig": only(told.get("inputDataConfig") or {}, "datasetId"),
    }


def pipeline_job(told: Fields) -> dict[str, Any]:
    """Return what is landed of a PipelineJob."""
    return only(told, *_WHAT, "templateUri", "serviceAccount", "scheduleName")


def model(told: Fields) -> dict[str, Any]:
    """Return what is landed of a version of a Model."""
    return {
        **only(
            told,
            *("name", "versionId", "versionAliases", "versionCreateTime", "versionUpdateTime"),
            *("displayName", "description", "versionDescription", "createTime", "updateTime"),
            *("trainingPipeline", "pipelineJob", "artifactUri", "labels", "baseModelSource"),
            *("modelSourceInfo", "originalModelInfo"),
        ),
        "containerSpec": only(told.get("containerSpec") or {}, "imageUri"),
    }


def evaluation(told: Fields) -> dict[str, Any]:
    """Return what is landed of a ModelEvaluation."""
    return only(told, "name", "displayName", "metricsSchemaUri", "metrics", "createTime")


def endpoint(told: Fields) -> dict[str, Any]:
    """Return what is landed of an Endpoint and of the models deployed to it."""
    deployed = [
        {
            **only(one, "id", "model", "modelVersionId", "displayName", "createTime"),
            **only(one, *_RESOURCES, "serviceAccount", "enableAccessLogging", "status"),
        }
        for one in told.get("deployedModels") or ()
    ]
    kept = only(
        told,
        *("name", "displayName", "description", "labels", "createTime", "updateTime"),
        *("trafficSplit", "network", "privateServiceConnectConfig", "dedicatedEndpointEnabled"),
        "encryptionSpec",
    )
    logged = only(told.get("predictRequestResponseLoggingConfig") or {}, *_LOGGING)
    return {**kept, "deployedModels": deployed, "requestLogging": logged}


def _job_spec(told: Fields | None) -> dict[str, Any]:
    """Return which machines a job has, by which image, as whom."""
    told = told or {}
    pools = [
        {
            **only(pool, "machineSpec", "replicaCount"),
            **only(pool.get("containerSpec") or {}, "imageUri"),
        }
        for pool in told.get("workerPoolSpecs") or ()
    ]
    kept = only(told, "serviceAccount", "experiment", "experimentRun", "persistentResourceId")
    kept["scheduling"] = only(told.get("scheduling") or {}, "strategy", "timeout")
    return {**kept, "workerPoolSpecs": pools}
