"""Training algorithms, one a file; all call the same hooks and give the same kind of result."""

from ..components import discover
from .base import ALGORITHMS, EVERYTHING, Algorithm
from .blockwise import Blockwise, BlockwiseB
from .dense import DenseNetwork
from .full_gradient import FullGradient
from .gates import Gates
from .limits import ROUNDING, Limits
from .module import InputWeight, ModuleNetwork
from .network import Network
from .problem import (
    Problem,
    RescaledRows,
    Rows,
    StoredRows,
    StreamedRows,
    Term,
    rows_of,
)
from .proximal import Proximal
from .rmda import RMDA
from .splitting import Splitting
from .subgradient import NNTau, Subgradient

__all__ = [
    "ALGORITHMS",
    "EVERYTHING",
    "RMDA",
    "ROUNDING",
    "Algorithm",
    "Blockwise",
    "BlockwiseB",
    "DenseNetwork",
    "FullGradient",
    "Gates",
    "InputWeight",
    "Limits",
    "ModuleNetwork",
    "NNTau",
    "Network",
    "Problem",
    "Proximal",
    "RescaledRows",
    "Rows",
    "Splitting",
    "StoredRows",
    "StreamedRows",
    "Subgradient",
    "Term",
    "rows_of",
]

discover(__name__)
