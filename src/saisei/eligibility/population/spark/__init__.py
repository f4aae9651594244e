"""Whole populations on Spark: more people than one machine can hold."""

from saisei.eligibility.population.spark.run import SparkResult, screen_on_spark

__all__ = ["SparkResult", "screen_on_spark"]
