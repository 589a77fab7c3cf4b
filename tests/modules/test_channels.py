"""ChannelNet: how images lie in memory is not the user's affair."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sgnn.modules import ARCHITECTURES, ChannelNet, InputTransform


class Viewing(nn.Module):
    """A network that flattens by `view`, which takes no maps whose channels lie innermost."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)
        self.head = nn.Linear(48, 4)

    def forward(self, x):
        x = self.conv(x)
        return self.head(x.view(len(x), -1))


NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name == "wrn28_10" else name
    for name in ARCHITECTURES.names()
]


@pytest.mark.parametrize("architecture", [*NAMES, Viewing])
def test_outputs_do_not_depend_on_the_layout(architecture):
    shape = (2, 6, 6) if architecture is Viewing else (3, 32, 32)
    generator = torch.Generator().manual_seed(0)
    body = Viewing() if architecture is Viewing else ARCHITECTURES.made(architecture)(shape, 4)
    body = body.double()  # up to the rounding of sums in another order
    net = ChannelNet(InputTransform(torch.Size(shape).numel()), shape, body).eval()
    x = torch.randn(5, *shape, generator=generator, dtype=torch.float64)
    expected = net(x)
    net.try_channels_last()
    assert net.channels_last == (architecture is not Viewing)
    torch.testing.assert_close(net(x), expected, rtol=1e-10, atol=1e-10)


def test_a_signal_has_one_layout():
    net = ChannelNet(InputTransform(6), (2, 3), nn.Conv1d(2, 1, 3))
    net.try_channels_last()
    assert not net.channels_last
