"""
What every regularizer costs, shrinks and removes
=================================================

    python examples/regularizers_page.py [--out FOLDER]

Draws all registered regularizers side by side, and writes the page docs/regularizers.md:
equations and sources as the docstrings have them, what vanishes as the figure has it.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from sgnn import regularizers
from sgnn.inspection import RegularizerDisplay, RegularizerPortrait
from sgnn.regularizers import Regularizer

DOCS = Path(__file__).parents[1] / "docs"

PAGE = """\
<!-- Written by examples/regularizers_page.py from the docstrings: change those, and run it. -->
# Regularizers

All that `sgnn.regularizers.get(name)` finds, as `RegularizerDisplay.from_names()` draws it: the
objective is the mean loss + lam R(w).

![Value, prox and zeros of every regularizer](regularizers.png)

- **Left**, black: the value lam R(w) at one entry w, or at a block of norm |w|.
- **Middle**, blue: the prox of one entry, beside w itself (dashed). It is flat at 0 where small
  weights are removed, meets the dashed line where large ones are left alone, and is broken where
  the minimizer jumps.
- **Right**: pairs (w1, w2) that are one block. Along a black line R is the same. In the light
  area the prox makes one of the two zero, in the dark area both. Where a dotted line parts the
  panel, the two are entries of one kernel on the left and two kernels on the right; elsewhere that
  makes no difference.

Above stands what vanishes as one: blocks, kernels within a block, entries within a kernel. (Where R
is a sum over the entries, as l1 is, a block goes one entry at a time and does not count.)

In the table w_g is a block (the weights of an input group, a neuron, a channel), s_g its factor,
W_ij the kernel from channel j to channel i (one entry in a dense layer), and GL the group lasso.

{table}

## Adaptive weights

Where lam is small enough to leave the large groups alone, group lasso keeps small ones too. A
second fit, in which the penalty of a group is divided by the norm that the first one gave it, finds
the right ones in the limit of many rows (Zou 2006; Dinh and Ho 2020 for networks). Any estimator
with `groups=` takes such factors as `group_weights=`:

```python
>>> from sgnn import SGINClassifier
>>> from sgnn.datasets import make_grouped_classification
>>> data = make_grouped_classification(n_groups=8, n_informative=3, random_state=0)
>>> first = SGINClassifier(data.groups, lam=0.03, random_state=0).fit(data.data, data.target)
>>> norms = first.group_norms_.clip(1e-6 * first.group_norms_.max())  # a removed group stays out
>>> second = SGINClassifier(
...     data.groups, lam=0.03, group_weights=first.groups_.weights / norms, random_state=0
... ).fit(data.data, data.target)
>>> set(second.selected_groups_) <= set(first.selected_groups_)
True

```

`GroupLassoMLP` does so within one fit, after its epochs and before its polish
(`group_weights="adaptive"`, the default): the factors are then at least those of the size.

`regularizers.Adaptive` does the same to any regularizer above whose blocks have weights, on a
tensor of your own; `Adaptive.after(regularizer, w, blocks, gamma=1.0)` takes the factors from
weights w. As `regularizer=` of `GroupLassoMLP` it goes with `regularize=("input",)` alone, since
its factors are those of one tensor.

The papers, by number:

1. Li et al., *Sparsely Grouped Input Variables for Neural Networks*, 2019.
2. Chen et al., *Benefit of Group Sparsity in Deep Learning*, 2020.
3. Bui et al., *Structured Sparsity of Convolutional Neural Networks via Nonconvex Sparse Group
   Regularization*, 2021.
4. Mitsuno et al., *Hierarchical Group Sparse Regularization for Deep Convolutional Neural
   Networks*, 2020.
"""


def page(portraits: Iterable[RegularizerPortrait]) -> str:
    """The page, with a row of its table for each portrait."""
    rows = [("name, class", "penalty", "vanishes", "convex", "source"), ("---",) * 5]
    for portrait in portraits:
        names = portrait.name.split(", ")
        regularizer = regularizers.get(names[0])
        rows.append((
            "<br>".join(f"`{name}`" for name in [*names, str(regularizer)]),
            penalty(regularizer),
            ", ".join(portrait.vanishing) or "nothing",
            "yes" if regularizer.convex else "no",
            source(regularizer),
        ))  # fmt: skip
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return PAGE.format(table=table)


def penalty(regularizer: Regularizer) -> str:
    """What stands above the sections of the docstring: "R(w) = equation: remark", symbols."""
    head = re.split(r"\n\n(?=\w+\n---|Source:)", inspect.getdoc(regularizer))[0]
    summary, *symbols = head.split("\n\n")
    equation = summary.removesuffix(".").split(": ")[0].replace("`", "")
    return cell("<br>".join([f"`{equation}`", *symbols]))


def source(regularizer: Regularizer) -> str:
    """The paragraph of the docstring that begins with "Source:"."""
    found = re.search(r"Source: (.*?)\.(\n\n|$)", inspect.getdoc(regularizer), re.DOTALL)
    return cell(found[1])


def cell(text: str) -> str:
    """Text on one line, its bars told from those between cells."""
    return " ".join(text.split()).replace("|", r"\|")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Draw all regularizers and write their page.")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the page (docs)")
    out = parser.parse_args(argv).out
    out.mkdir(parents=True, exist_ok=True)
    display = RegularizerDisplay.from_names()
    display.figure_.savefig(out / "regularizers.png", dpi=100)
    (out / "regularizers.md").write_text(page(display.portraits), encoding="utf-8")
    print(f"Wrote {out / 'regularizers.md'}: {len(display.portraits)} regularizers.")


if __name__ == "__main__":
    main()
