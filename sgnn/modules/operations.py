"""What layers, functions and methods do to the channels of the tensors they read."""

from __future__ import annotations

from enum import Enum

from torch import fx, nn

__all__ = ["Role", "name_of", "role_of"]


class Role(Enum):
    """What an operation makes of the channels, the entries along axis 1, of what it reads."""

    MIX = "new channels, each a weighted sum over all"
    DEPTHWISE = "each channel convolved alone, into one or more"
    SCALE = "each channel by itself, with parameters of its own"
    KEEP = "each channel by itself, all alike"
    RESHAPE = "positions of a channel moved to the channel axis"
    JOIN = "the channels of several tensors, pair by pair"
    CAT = "the channels of several tensors, one after the other"
    HOLD = "each channel of the result depends on all"


_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)

# By exact type, for a subclass may compute something else.
_MODULES = {
    Role.MIX: (nn.Linear, *_CONVOLUTIONS),
    Role.SCALE: (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.PReLU),
    Role.KEEP: (
        *(nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU),
        *(nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.Sigmoid, nn.Tanh),
        *(nn.LogSigmoid, nn.Softplus, nn.Softsign),
        *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout),
        *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
        *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
        *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
        *(nn.ZeroPad1d, nn.ZeroPad2d, nn.ReflectionPad1d, nn.ReflectionPad2d, nn.Upsample),
    ),
    Role.RESHAPE: (nn.Flatten,),
    Role.HOLD: (nn.Softmax, nn.LogSoftmax),
}

# Functions of torch, torch.nn.functional and operator, and methods of tensors, by name.
_NAMES = {
    Role.KEEP: """
        relu relu_ relu6 leaky_relu elu celu selu gelu silu mish hardswish hardsigmoid hardtanh
        sigmoid sigmoid_ tanh tanh_ logsigmoid softplus softsign
        neg abs exp square sqrt pow clamp contiguous clone interpolate
        dropout dropout1d dropout2d dropout3d alpha_dropout
        max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d
        adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d
        adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d mean sum amax amin
    """,
    Role.RESHAPE: "flatten view reshape squeeze unsqueeze",
    Role.JOIN: "add add_ sub sub_ mul mul_ div truediv maximum minimum",
    Role.CAT: "cat concat concatenate",
    Role.HOLD: "softmax log_softmax",
}

_BY_TYPE = {kind: role for role, kinds in _MODULES.items() for kind in kinds}
_BY_NAME = {name: role for role, names in _NAMES.items() for name in names.split()}


def name_of(node: fx.Node) -> str:
    """What a call of a function or method calls."""
    return node.target if isinstance(node.target, str) else node.target.__name__


def role_of(node: fx.Node, module: nn.Module | None) -> Role | None:
    """The role of a call, None where it has none of them; `module` is the layer it calls."""
    if module is None:
        return None if node.op == "get_attr" else _BY_NAME.get(name_of(node))
    if isinstance(module, nn.PReLU) and module.num_parameters == 1:
        return Role.KEEP
    if isinstance(module, _CONVOLUTIONS) and module.groups > 1:
        return Role.DEPTHWISE if module.groups == module.in_channels else None
    return _BY_TYPE.get(type(module))
