"""Training algorithms, one a file; all call the same hooks and give the same kind of result."""

from .base import Algorithm
from .blockwise import Blockwise, BlockwiseB
from .dense_problem import DenseProblem
from .full_gradient import FullGradient
from .gates import Gates
from .joining import join
from .joint import Joint
from .module_problem import InputWeight, ModuleProblem, group_norms
from .problem import Problem
from .proximal import Proximal
from .rmda import RMDA
from .rows import RescaledRows, Rows, StoredRows, StreamedRows, batch_order
from .splitting import Splitting
from .subgradient import Subgradient
from .terms import Term

__all__ = [
    "RMDA",
    "Algorithm",
    "Blockwise",
    "BlockwiseB",
    "DenseProblem",
    "FullGradient",
    "Gates",
    "InputWeight",
    "Joint",
    "ModuleProblem",
    "Problem",
    "Proximal",
    "RescaledRows",
    "Rows",
    "Splitting",
    "StoredRows",
    "StreamedRows",
    "Subgradient",
    "Term",
    "batch_order",
    "group_norms",
    "join",
]
