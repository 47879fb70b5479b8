"""A machine with GPUs: an NVML library that the real nvidia-ml-py loads, made by a C compiler.

Two GPUs. The first is busy with the process NVML_PID; the second knows no utilisation, as in MIG
mode, and answers nothing at all while the file NVML_LOST exists.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

_LIBRARY = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
typedef struct { unsigned int gpu, memory; } rates_t;
typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned int pid; unsigned long long used; unsigned int gi, ci; } process_t;
enum { OK = 0, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7, DRIVER_NOT_LOADED = 9, LOST = 15 };
static char gpus[2];
static int index_of(void *gpu) { return (char *)gpu - gpus; }
static int lost(void *gpu) {
    const char *sign = getenv("NVML_LOST");
    return index_of(gpu) == 1 && sign && access(sign, F_OK) == 0;
}
int nvmlInitWithFlags(unsigned flags) {
    return getenv("NVML_NO_DRIVER") ? DRIVER_NOT_LOADED : OK;
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(int code) { return code == LOST ? "GPU is lost" : "Driver Not Loaded"; }
int nvmlDeviceGetCount_v2(unsigned *count) {
    *count = getenv("NVML_NONE") ? 0 : 2;
    return OK;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **gpu) { *gpu = gpus + index; return OK; }
int nvmlDeviceGetUUID(void *gpu, char *text, unsigned size) {
    snprintf(text, size, "GPU-%d", index_of(gpu));
    return OK;
}
int nvmlDeviceGetName(void *gpu, char *text, unsigned size) {
    snprintf(text, size, "NVIDIA H200");
    return OK;
}
int nvmlDeviceGetUtilizationRates(void *gpu, rates_t *rates) {
    if (index_of(gpu) == 1) return lost(gpu) ? LOST : NOT_SUPPORTED;
    rates->gpu = 93; rates->memory = 40;
    return OK;
}
int nvmlDeviceGetMemoryInfo(void *gpu, memory_t *memory) {
    if (lost(gpu)) return LOST;
    memory->total = 141ULL << 30; memory->used = 96ULL << 30;
    return OK;
}
int nvmlDeviceGetPowerUsage(void *gpu, unsigned *milliwatts) {
    if (lost(gpu)) return LOST;
    *milliwatts = 612500;
    return OK;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *gpu, unsigned *count, process_t *found) {
    const char *pid = getenv("NVML_PID");
    unsigned room = *count;
    if (index_of(gpu) == 1 || !pid) { *count = 0; return OK; }
    *count = 1;
    if (!found || room < 1) return INSUFFICIENT_SIZE;
    memset(found, 0, sizeof *found);
    found->pid = atoi(pid);
    return OK;
}
"""


def compile_library(folder: Path) -> Path:
    """Write libnvidia-ml.so.1 into a folder, for LD_LIBRARY_PATH."""
    source = folder / "nvml.c"
    source.write_text(_LIBRARY)
    target = folder / "libnvidia-ml.so.1"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", target, source], check=True)
    return target
