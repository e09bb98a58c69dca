"""What a user may write: recipes, studies and the run's settings, as strict models."""

from restudy.config.recipe import LANE_FIELDS, Recipe
from restudy.config.settings import Settings
from restudy.config.study import Study

__all__ = ["LANE_FIELDS", "Recipe", "Settings", "Study"]
