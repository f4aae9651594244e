"""Files wherever Spark reads and writes them: a disk, HDFS, an object store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["Storage"]


class Storage:
    """What Spark's own library of files can do, of which its Python side shows nothing.

    Parameters
    ----------
    session
        One with a JVM of its own; a session of Spark Connect has none.
    """

    def __init__(self, session: SparkSession) -> None:
        context: Any = session.sparkContext
        self._path = context._jvm.org.apache.hadoop.fs.Path
        self._settings = context._jsc.hadoopConfiguration()

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        files, place = self._at(path)
        return bool(files.exists(place))

    def move(self, path: str, to: str) -> None:
        """Give a file or folder another name, under which nothing stands."""
        files, place = self._at(path)
        if not files.rename(place, self._path(to)):
            raise OSError(f"{to} cannot be written")

    def remove(self, path: str) -> None:
        """Take a file or folder away, if it is there."""
        files, place = self._at(path)
        files.delete(place, True)  # noqa: FBT003 - Java has no other way to say: all of it

    def _at(self, path: str) -> tuple[Any, Any]:
        place = self._path(path)
        return place.getFileSystem(self._settings), place
