"""Training algorithms, one a file; all call the same hooks and give the same kind of result."""

from .base import Algorithm, Problem, Term
from .blockwise import Blockwise, BlockwiseB
from .proximal import Proximal
from .rows import Rows, StoredRows, StreamedRows, deal
from .subgradient import Subgradient

__all__ = [
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
    "deal",
]
