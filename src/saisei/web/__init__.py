"""The web application: a form, the report, the evidence and an API, all by the rooms below.

The room holds no thinking of its own. It stores no case, writes no log of what was asked, and loads
nothing from elsewhere.
"""

from saisei.web.app import create_app
from saisei.web.guard import Limits

__all__ = ["Limits", "create_app"]
