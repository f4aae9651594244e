"""Report: a decision as a page that a family reads on a phone, and as JSON.

Everything is drawn from a `Decision` and from nothing else. The page's own words are data
(`report/texts.yaml`); its templates and its style lie in `report/templates`.
"""

from saisei.report.check import check_decision
from saisei.report.html import to_html
from saisei.report.json_form import decision_schema, to_json

__all__ = ["check_decision", "decision_schema", "to_html", "to_json"]
