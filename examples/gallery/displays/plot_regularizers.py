"""
Regularizers drawn
==================

What a penalty costs, how its prox shrinks a weight, and which of two weights of one block it makes
zero: three panels for each of six regularizers.
"""

from sgnn.inspection import RegularizerDisplay

names = ["l1", "group_lasso", "sgl_l1", "group_mcp", "exclusive", "group_l0"]
RegularizerDisplay.from_names(names)
