"""A small right study, and how tests change it."""

import yaml

from restudy.config.loading import load_study

RECIPE = {"dataset": "mnist", "hidden": [8], "learning_rate": 0.1, "batch_size": 50, "epochs": 1}
STUDY = {"name": "tiny", "title": "Tiny", "question": "Is it?", "recipe": RECIPE, "seeds": 2}


def written(folder, file="tiny.yaml", **keys):
    """Write the study with some keys changed, those of its recipe one by one."""
    content = STUDY | keys | {"recipe": RECIPE | keys.get("recipe", {})}
    path = folder / file
    path.write_text(yaml.safe_dump(content))
    return path


def study(folder, **keys):
    return load_study(written(folder, **keys))
