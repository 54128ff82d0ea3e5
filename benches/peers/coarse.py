"""PyTorch's time for CGSchNet, batched over frames as mlcg does it, forces by autograd.

Usage: coarse.py train|simulate BATCH THREADS CASE.json
CASE.json: {"config": NetworkConfig, "types": [...], "frames": [frame][bead][3] (nm), "wall": B of B/r^6 between
beads that no spring joins (kJ/mol nm^6, 0 for none), "at_once": replicas that are evaluated together}.
For each line on standard input, one training step (force loss, double backward, AdamW) or as many BAOAB steps as the
line says; its seconds as a line of JSON on standard output.
"""

import json
import math
import sys
import time

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, edge, hidden, filters, act, bias):
        super().__init__()
        self.filter = nn.Sequential(nn.Linear(edge, filters), act, nn.Linear(filters, filters, bias=bias))
        self.input = nn.Linear(hidden, filters, bias=False)
        self.mix = nn.Sequential(nn.Linear(filters, hidden), act, nn.Linear(hidden, hidden))

    def forward(self, x, i, j, e, c):
        w = self.filter(e) * c
        q = torch.zeros(x.shape[0], w.shape[1]).index_add(0, i, w * self.input(x).index_select(0, j))
        return x + self.mix(q)


class Network(nn.Module):
    """Embedding, blocks, head; all ordered pairs within the cutoff, of all frames at once."""

    def __init__(self, config):
        super().__init__()
        act = {"tanh": nn.Tanh(), "silu": nn.SiLU()}[config["activation"]]
        self.lo, self.hi, n = config["cutoff_lower"], config["cutoff_upper"], config["radial"]["n"]
        start = math.exp(10 * (self.lo - self.hi))
        self.means = nn.Parameter(torch.linspace(start, 1, n), config["radial"]["trainable"])
        betas = torch.full((n,), (2 / n * (1 - start)) ** -2)
        self.betas = nn.Parameter(betas, config["radial"]["trainable"])
        hidden = config["hidden"]
        self.embedding = nn.Embedding(config["n_types"], hidden)
        self.blocks = nn.ModuleList(
            Block(n, hidden, config["filters"], act, config["filter_bias"]) for _ in range(config["layers"])
        )
        widths = [hidden, *config["head"]]
        layers = [layer for a, b in zip(widths, widths[1:]) for layer in (nn.Linear(a, b), act)]
        self.head = nn.Sequential(*layers, nn.Linear(widths[-1], 1, bias=config["head_bias"]))
        self.scale = config["energy_scale"]

    def forward(self, types, positions):
        """Sum of energies; types (B, N), positions (B, N, 3)."""
        batch, beads = types.shape
        with torch.no_grad():
            distances = torch.cdist(positions, positions)
            near = (distances < self.hi) & (distances >= self.lo)
            near &= ~torch.eye(beads, dtype=torch.bool)
            frame, i, j = near.nonzero().unbind(1)
            i, j = frame * beads + i, frame * beads + j
        flat = positions.reshape(-1, 3)
        r = (flat.index_select(0, i) - flat.index_select(0, j)).norm(dim=1, keepdim=True)
        if self.lo > 0:
            c = 0.5 * (torch.cos(math.pi * (2 * (r - self.lo) / (self.hi - self.lo) + 1)) + 1)
        else:
            c = 0.5 * (torch.cos(math.pi * r / self.hi) + 1)
        d = torch.exp(5 / (self.hi - self.lo) * (self.lo - r)) - self.means
        e = 0.5 * (torch.cos(math.pi * r / self.hi) + 1) * torch.exp(-self.betas * d**2)
        x = self.embedding(types.reshape(-1))
        for block in self.blocks:
            x = block(x, i, j, e, c)
        return self.scale * self.head(x).sum()


def bonds(positions):
    """Springs along the chain, as the prior."""
    r = (positions[:, 1:] - positions[:, :-1]).norm(dim=2)
    return 0.5 * 20000.0 * (r - 0.38).square().sum()


def walls(positions, wall):
    """torchmd's repulsion of all pairs but neighbours along the chain, without a cutoff."""
    if wall == 0:
        return 0.0
    i, j = torch.triu_indices(positions.shape[1], positions.shape[1], 2)
    square = (positions[:, i] - positions[:, j]).square().sum(2)
    return wall * square.pow(-3).sum()


def main():
    work, batch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    with open(sys.argv[4]) as file:
        case = json.load(file)
    network = Network(case["config"])
    with torch.no_grad():
        # untrained weights of full size push beads apart
        for parameter in network.head.parameters():
            parameter *= 0.1
    positions = torch.tensor(case["frames"])
    positions = positions[torch.arange(batch) % len(positions)].clone()
    types = torch.tensor(case["types"]).expand(batch, -1)
    targets = torch.randn_like(positions) * 100
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-4)

    def train():
        x = positions.clone().requires_grad_()
        (slopes,) = torch.autograd.grad(network(types, x), x, create_graph=True)
        loss = (-slopes - targets).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    def forces_of(x):
        x = x.detach().requires_grad_()
        energy = network(types[: len(x)], x) + bonds(x) + walls(x, case["wall"])
        (slopes,) = torch.autograd.grad(energy, x)
        return -slopes

    def forces(x):
        return torch.cat([forces_of(part) for part in x.split(case["at_once"])])

    if work == "simulate":
        for parameter in network.parameters():
            parameter.requires_grad_(False)
        kt, mass, dt = 0.0083144626 * 300, 12.0, 0.002
        decay = math.exp(-dt)
        x, v = positions, torch.randn_like(positions) * math.sqrt(kt / mass)
        f = forces(x)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        if work == "train":
            train()
        else:
            for _ in range(int(line)):
                v = v + 0.5 * dt / mass * f
                x = x + 0.5 * dt * v
                v = decay * v + math.sqrt((1 - decay**2) * kt / mass) * torch.randn_like(v)
                x = x + 0.5 * dt * v
                f = forces(x)
                v = v + 0.5 * dt / mass * f
            assert x.isfinite().all()
        seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
