"""Spark on this machine alone: to try a run before a cluster has it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from saisei.base.errors import OptionError, Problem

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["local_session"]

LOOPBACK = "127.0.0.1"
PARTS_PER_CORE = 4


@contextmanager
def local_session(memory: str) -> Iterator[SparkSession]:
    """Start a session on this machine, which only this machine can reach, and stop it afterwards.

    Parameters
    ----------
    memory
        The most that Java may hold, such as ``2GB``.

    Raises
    ------
    OptionError
        PySpark or Java is missing, the memory is none, or Spark stopped in between. Spark's own
        words are not repeated: they may hold values of a row.
    """
    cores = os.cpu_count() or 1
    settings: dict[str, Any] = {
        "spark.driver.memory": _java_memory(memory),
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.shuffle.partitions": str(cores * PARTS_PER_CORE),
    }
    _need_spark()
    os.environ.setdefault("SPARK_LOCAL_IP", LOOPBACK)
    builder = import_module("pyspark.sql").SparkSession.builder
    session = builder.master(f"local[{cores}]").config(map=settings).getOrCreate()
    try:
        yield session
    except (import_module("pyspark.errors").PySparkException, _java_errors()) as error:
        step = "Look at the tables named and at the room on the disk, or give more with --memory"
        raise OptionError(Problem("spark", f"Spark stopped: {_kind(error)}", "", step)) from None
    finally:
        session.stop()


def _java_errors() -> type[Exception]:
    kind: type[Exception] = import_module("py4j.protocol").Py4JError
    return kind


def _kind(error: Exception) -> str:
    """Name the kind of an error of Spark's, without its words."""
    condition = getattr(error, "getCondition", lambda: None)()
    return str(condition or type(error).__name__)


def _need_spark() -> None:
    if find_spec("pyspark") is None:
        step = "Install it: pip install 'saisei[population,spark]'"
        raise OptionError(Problem("missing-extra", "Spark is not installed", "pyspark", step))
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        step = "Install a Java runtime, or name its folder in JAVA_HOME"
        raise OptionError(Problem("missing-java", "there is no Java", "Java 17 or 21", step))


def _java_memory(words: str) -> str:
    """Write an amount of memory as Java does.

    Examples
    --------
    >>> _java_memory("2GB"), _java_memory("500 MiB")
    ('2g', '500m')
    """
    found = re.fullmatch(r"(\d+)\s*([MG])i?B?", words.strip(), re.IGNORECASE)
    if found is None:
        raise OptionError(Problem("memory", repr(words), "such as 2GB", "", field="--memory"))
    return f"{found[1]}{found[2].lower()}"
