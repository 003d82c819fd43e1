"""The two things of torchvision that the face models use, for machines where no torchvision can be had.

They let the real networks run with their real weights. Written from torchvision's documentation: names of the
layers are as in its weights; nothing here is trained.
"""

import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from torch import nn


class IntermediateLayerGetter(nn.ModuleDict):
    """Layers of a model up to the last one asked for; a pass gives the outputs asked for, renamed."""

    def __init__(self, model, return_layers):
        names = [name for name, _ in model.named_children()]
        last = max(names.index(str(name)) for name in return_layers)
        super().__init__({name: model.get_submodule(name) for name in names[: last + 1]})
        self.return_layers = {str(name): out for name, out in return_layers.items()}

    def forward(self, x):
        found = {}
        for name, layer in self.items():
            x = layer(x)
            if name in self.return_layers:
                found[self.return_layers[name]] = x
        return found


class Bottleneck(nn.Module):
    """Block of three convolutions of a residual network."""

    def __init__(self, inner, width, stride, downsample):
        super().__init__()
        self.conv1 = nn.Conv2d(inner, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU()
        self.downsample = downsample

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(out)))))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


def resnet50(*, pretrained=False):
    """Return ResNet-50 with random weights."""
    assert not pretrained
    net = nn.Sequential()
    net.add_module("conv1", nn.Conv2d(3, 64, 7, 2, 3, bias=False))
    net.add_module("bn1", nn.BatchNorm2d(64))
    net.add_module("relu", nn.ReLU())
    net.add_module("maxpool", nn.MaxPool2d(3, 2, 1))
    inner = 64
    for number, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], 1):
        layer = nn.Sequential()
        for block in range(blocks):
            stride = 2 if block == 0 and number > 1 else 1
            down = None
            if block == 0:
                down = nn.Sequential(
                    nn.Conv2d(inner, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width)
                )
            layer.append(Bottleneck(inner, width, stride, down))
            inner = 4 * width
        net.add_module(f"layer{number}", layer)
    return net


@contextmanager
def torchvision() -> Iterator[None]:
    """Put the stand-in where `import torchvision` finds it, unless the real one is there."""
    if importlib.util.find_spec("torchvision"):
        yield
        return
    contents = {
        "torchvision": {},
        "torchvision.models": {"resnet50": resnet50},
        "torchvision.models._utils": {"IntermediateLayerGetter": IntermediateLayerGetter},
    }
    for name, members in contents.items():
        module = ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, loader=None, is_package=True)
        module.__path__ = []
        vars(module).update(members)
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)
    try:
        yield
    finally:
        for name in contents:
            del sys.modules[name]
