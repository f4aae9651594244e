"""A Spark session of one's own for a test: started on this machine, stopped afterwards."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

SETTINGS: dict[str, Any] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
    # long queries over few people: compiling them to Java takes longer than running them
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}

leaves_open = [
    # PySpark leaves its own socket open
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@contextmanager
def spark_session() -> Iterator[Any]:
    """Start a real session that listens on loopback only; skip where there can be none."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("PySpark is not installed here")
    if shutil.which("java") is None:
        pytest.skip("there is no Java here")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = importlib.import_module("pyspark.sql").SparkSession.builder
    session = builder.master("local[2]").config(map=SETTINGS).getOrCreate()
    try:
        yield session
    finally:
        session.stop()
