"""Pictures as SVG: of a decision, inside its page; of a pool or a network, as files."""

from saisei.report.pictures.course import course_picture
from saisei.report.pictures.forest import forest_picture
from saisei.report.pictures.gains import gains_picture
from saisei.report.pictures.people import Spread, people_icon, people_picture
from saisei.report.pictures.swatches import swatch

__all__ = [
    "Spread",
    "course_picture",
    "forest_picture",
    "gains_picture",
    "people_icon",
    "people_picture",
    "swatch",
]
