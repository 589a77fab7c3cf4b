"""What the installed package does with the packages that it requires, and no others."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import sgnn
from sgnn.datasets import load_heart_costs


def main() -> None:
    assert sgnn.__version__ == version("sgnn")
    assert all(files("sgnn").joinpath(name).is_file() for name in ("py.typed", "__init__.pyi"))
    for name in sgnn.__all__:
        assert getattr(sgnn, name) is not None

    heart = load_heart_costs()
    model = sgnn.SGINClassifier(heart.groups, max_groups=4, refit=True, random_state=0)
    expected = model.fit(heart.data, heart.target).predict(heart.data)
    assert len(model.selected_groups_) == 4
    with TemporaryDirectory() as folder:
        sgnn.save(model, Path(folder) / "model.sgnn")
        loaded = sgnn.load(Path(folder) / "model.sgnn")
    np.testing.assert_array_equal(loaded.predict(heart.data), expected)
    print(f"sgnn {sgnn.__version__} from {Path(sgnn.__file__).parent}: {model.selected_groups_}")


if __name__ == "__main__":
    main()
