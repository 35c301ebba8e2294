"""A measurement as a JSON document: its numbers, what they depend on, and the file that the prose quotes."""

import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from assistant.bench.measuring import Measured
from assistant.bench.tables import bench_table

Json = dict[str, Any]


def comparison(unit: str, ours: float, reference: float, *, less_is_better: bool = False) -> Json:
    """The numbers of both sides; ours is ``ratio`` times as fast as the reference."""
    ratio = reference / ours if less_is_better else ours / reference
    return {"unit": unit, "ours": ours, "reference": reference, "ratio": ratio}


def side_details(side: Measured, unit: str, **further: object) -> Json:
    """What else is known of a side: per lap the medians, and the units of all laps together."""
    return {
        unit: side.units,
        "laps": len(side.laps),
        "seconds": side.seconds,
        "cpu_seconds": side.cpu_seconds,
        "peak_memory_mb": side.peak_memory_mb,
        **further,
    }


def signature(libraries: Sequence[str], **facts: object) -> Json:
    """What a timing depends on: the machine, the versions, what was asked for."""
    machine = {"system": platform.system(), "architecture": platform.machine(), "cores": os.cpu_count()}
    versions = {library: version(library) for library in libraries}
    return {"machine": machine, "python": platform.python_version(), "versions": versions, **facts}


def processor_facts(_side: object) -> Json:
    """Of a process that computes with torch: the instructions it uses, its threads, its device."""
    import torch

    return {
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "device": "cuda" if torch.cuda.is_available() else "cpu",
    }


def publish(document: Json, *, out: Path | None, as_json: bool, as_table: Callable[[Json], str] = bench_table) -> None:
    """Print the document or its table, and write it where it is to be kept."""
    text = json.dumps(document, indent=2) + "\n"
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    sys.stdout.write(text if as_json else as_table(document))
