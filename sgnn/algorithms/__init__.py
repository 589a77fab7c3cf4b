"""Training algorithms, one a file; all call the same hooks and give the same kind of result."""

from .base import Algorithm
from .blockwise import Blockwise, BlockwiseB
from .dense_problem import DenseProblem
from .gates import Gates
from .joining import join
from .joint import Joint
from .module_problem import ModuleProblem, Reader, group_norms
from .problem import Problem
from .proximal import Proximal
from .rmda import RMDA
from .rows import RescaledRows, Rows, StoredRows, StreamedRows, deal
from .splitting import Splitting
from .subgradient import Subgradient
from .terms import Term
from .whole import WholeNetwork

__all__ = [
    "RMDA",
    "Algorithm",
    "Blockwise",
    "BlockwiseB",
    "DenseProblem",
    "Gates",
    "Joint",
    "ModuleProblem",
    "Problem",
    "Proximal",
    "Reader",
    "RescaledRows",
    "Rows",
    "Splitting",
    "StoredRows",
    "StreamedRows",
    "Subgradient",
    "Term",
    "WholeNetwork",
    "deal",
    "group_norms",
    "join",
]
