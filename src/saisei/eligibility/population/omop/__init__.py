"""An OMOP Common Data Model 5.4 database as dated records: which rows fill which field, and how."""

from saisei.eligibility.population.omop.source import OmopFolder, OmopServer

__all__ = ["OmopFolder", "OmopServer"]
