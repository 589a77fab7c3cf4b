"""Training algorithms, one a file; all call the same hooks and give the same kind of result."""

from .base import Algorithm, Problem, Term
from .blockwise import Blockwise, BlockwiseB
from .proximal import Proximal
from .rmda import RMDA
from .rows import Rows, StoredRows, StreamedRows, deal
from .subgradient import Subgradient
from .whole import WholeNetwork

__all__ = [
    "RMDA",
    "Algorithm",
    "Blockwise",
    "BlockwiseB",
    "Problem",
    "Proximal",
    "Rows",
    "StoredRows",
    "StreamedRows",
    "Subgradient",
    "Term",
    "WholeNetwork",
    "deal",
]
