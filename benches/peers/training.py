"""PyTorch's time for a training step of the same two networks that `autoencoder` has.

Usage: training.py conv1d|foldingnet ATOMS BATCH THREADS
For each line on standard input, one step; its seconds as a line of JSON on standard output.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional


def conv_block(inputs, outputs, transposed):
    kind = nn.ConvTranspose1d if transposed else nn.Conv1d
    return [kind(inputs, outputs, 4, stride=2, padding=1, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()]


class Convolutional(nn.Module):
    """Strided convolutions to two averages and back."""

    def __init__(self, atoms, latent=2, depth=4):
        super().__init__()
        widths = [int(32 * 1.5**level) for level in range(depth + 2)]
        down = [3] + widths[: depth + 1]
        layers = [layer for a, b in zip(down, down[1:]) for layer in conv_block(a, b, False)]
        self.down = nn.Sequential(*layers, nn.Conv1d(widths[depth], 1, 4, stride=2, padding=1, bias=False))
        self.to_latent = nn.Linear(2, latent)
        self.length = -(-atoms // 2 ** (depth + 3))
        self.from_latent = nn.Linear(latent, self.length)
        up = [1] + widths[::-1]
        layers = [layer for a, b in zip(up, up[1:]) for layer in conv_block(a, b, True)]
        self.up = nn.Sequential(*layers, nn.ConvTranspose1d(widths[0], 3, 4, stride=2, padding=1))
        self.atoms = atoms

    def forward(self, x):
        z = functional.adaptive_avg_pool1d(self.down(x), 2).flatten(1)
        z = self.to_latent(torch.sigmoid(z))
        return self.up(self.from_latent(z).unsqueeze(1))[..., : self.atoms]


def neighbours(x, count=16):
    """Indices (B, N, count) of the nearest columns of x (B, C, N)."""
    norms = x.square().sum(1)
    distances = norms[:, :, None] + norms[:, None, :] - 2 * x.transpose(1, 2) @ x
    return distances.topk(count, largest=False)[1]


def gather(x, index):
    """x (B, C, N), index (B, N, k) to (B, C, N, k)."""
    batch, channels, points = x.shape
    flat = index.reshape(batch, 1, -1).expand(-1, channels, -1)
    return x.gather(2, flat).view(batch, channels, points, -1)


class Pointwise(nn.Sequential):
    def __init__(self, inputs, outputs, rectify=True):
        super().__init__(nn.Conv1d(inputs, outputs, 1), nn.BatchNorm1d(outputs), *([nn.ReLU()] * rectify))


class GraphEncoder(nn.Module):
    def __init__(self, latent=2):
        super().__init__()
        self.points = nn.Sequential(Pointwise(12, 64), Pointwise(64, 64), Pointwise(64, 64))
        self.graph = nn.ModuleList([Pointwise(64, 128), Pointwise(128, 1024)])
        self.summary = Pointwise(1024, 512, rectify=False)
        self.latent = nn.Conv1d(512, latent, 1)

    def forward(self, x):
        near = gather(x, neighbours(x))
        near = (near - near.mean(3, keepdim=True)).permute(0, 2, 1, 3)
        covariance = (near @ near.transpose(2, 3)).flatten(2).transpose(1, 2)
        x = self.points(torch.cat([x, covariance], 1))
        for layer in self.graph:
            x = layer(gather(x, neighbours(x)).amax(3))
        return self.latent(self.summary(x).amax(2, keepdim=True))


class Fold(nn.Sequential):
    def __init__(self, inputs, outputs, hidden=512):
        def hidden_layer(a):
            return [nn.Conv1d(a, hidden, 3, padding=1), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True)]

        last = nn.Conv1d(hidden, outputs, 3, padding=1)
        super().__init__(*hidden_layer(inputs), *hidden_layer(hidden), last)


class FoldingDecoder(nn.Module):
    def __init__(self, atoms, latent=2):
        super().__init__()
        start = -(-atoms // 128)
        self.atoms = atoms
        self.repeats, self.folds = [], nn.ModuleList()
        channels, points = latent, 1
        for multiple, out in [(1, 384), (8, 48), (32, 12), (128, 3)]:
            self.repeats.append(start * multiple // points)
            self.folds.append(nn.ModuleList([Fold(1 + channels, out), Fold(1 + channels + out, out)]))
            channels, points = out, start * multiple

    def forward(self, x):
        for repeat, (first, second) in zip(self.repeats, self.folds):
            code = x.repeat_interleave(repeat, 2)
            grid = torch.linspace(-0.5, 0.5, code.shape[2]).expand(code.shape[0], 1, -1)
            once = first(torch.cat([grid, code], 1))
            x = once + second(torch.cat([grid, code, once], 1))
        return x[..., : self.atoms]


def main():
    name, atoms, batch, threads = sys.argv[1], *map(int, sys.argv[2:5])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    if name == "conv1d":
        model = Convolutional(atoms)
    else:
        model = nn.Sequential(GraphEncoder(), FoldingDecoder(atoms))
    positions = (torch.rand(batch, 3, atoms) - 0.5).cumsum(2)
    positions = positions / positions.std()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        optimiser.zero_grad()
        loss = functional.mse_loss(model(positions), positions)
        loss.backward()
        optimiser.step()
        loss.item()
        seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        seconds["parameters"] = sum(p.numel() for p in model.parameters())
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
