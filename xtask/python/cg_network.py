"""Energies, forces and force-loss gradients of CGSchNet networks in f64, by PyTorch.

Usage: cg_network.py OUTPUT_FOLDER   (writes network.json)

Written from the equations of K. T. Schuett et al. 2017 and B. E. Husic et al. 2020, in nm and kJ/mol.
Parameters are not stored: both sides draw them, tensor after tensor, from the same integer generator.
"""

import json
import math
import pathlib
import sys

import torch

torch.set_default_dtype(torch.float64)

TORCHMD = dict(
    n_types=100, hidden=128, filters=128, layers=4, radial=dict(kind="exp-normal", n=18, trainable=True),
    cutoff_lower=0.3, cutoff_upper=1.2, activation="silu", head=[64], filter_bias=True, head_bias=True,
    sequence_reach=None, energy_scale=4.184,
)
CONFIGS = {
    "majewski": TORCHMD | dict(activation="tanh"),
    "torchmd-cg": TORCHMD
    | dict(layers=3, radial=dict(kind="gaussian", n=150, trainable=False), cutoff_lower=0.0, cutoff_upper=0.9),
    "ucsc": TORCHMD | dict(hidden=64, filters=64, radial=dict(kind="exp-normal", n=12, trainable=True), head=[32]),
    "ucsc-cutoff2": TORCHMD | dict(cutoff_lower=0.2, radial=dict(kind="exp-normal", n=20, trainable=True)),
    "mlcg": TORCHMD
    | dict(
        n_types=25, radial=dict(kind="exp-normal", n=64, trainable=False), cutoff_lower=0.0, cutoff_upper=1.5,
        activation="tanh", head=[128, 64], filter_bias=False, head_bias=False,
    ),
    "bessel, softplus, sequence": TORCHMD
    | dict(
        n_types=30, hidden=20, filters=37, layers=2, radial=dict(kind="bessel", n=9, trainable=True),
        cutoff_lower=0.2, activation="shifted-softplus", head=[11, 7], sequence_reach=4,
    ),
    "gaussian, trained": TORCHMD
    | dict(n_types=30, hidden=17, filters=33, layers=2, radial=dict(kind="gaussian", n=8, trainable=True), head=[]),
}


class Uniform:
    """Numbers in [-1, 1) that any language reproduces exactly."""

    def __init__(self, seed):
        self.state = seed

    def draw(self, n):
        out = []
        for _ in range(n):
            self.state = (1664525 * self.state + 1013904223) % 2**32
            out.append(self.state / 2**31 - 1)
        return torch.tensor(out)


def f32(x):
    return x.to(torch.float32).to(torch.float64)


def first_constants(config):
    basis, lo, hi = config["radial"], config["cutoff_lower"], config["cutoff_upper"]
    n = basis["n"]
    if basis["kind"] == "exp-normal":
        start = math.exp(10 * (lo - hi))
        beta = (2 / n * (1 - start)) ** -2
        return {"radial.means": torch.linspace(start, 1, n), "radial.betas": torch.full((n,), beta)}
    if basis["kind"] == "gaussian":
        offsets = torch.linspace(lo, hi, n)
        return {"radial.offsets": offsets, "radial.coefficient": -0.5 / (offsets[1:2] - offsets[:1]) ** 2}
    return {"radial.frequencies": math.pi * torch.arange(1, n + 1)}


def parameters(config, random):
    """Named tensors, all leaves, in the order of the layout."""
    hidden, filters = config["hidden"], config["filters"]
    out = {}

    def dense(name, inputs, outputs, bias=True):
        bound = math.sqrt(6 / (inputs + outputs))
        out[name + ".weight"] = f32(bound * random.draw(inputs * outputs)).reshape(outputs, inputs)
        if bias:
            out[name + ".bias"] = f32(0.1 * random.draw(outputs))

    out["embedding"] = f32(random.draw(config["n_types"] * hidden)).reshape(-1, hidden)
    if config["radial"]["trainable"]:
        for name, values in first_constants(config).items():
            out[name] = f32(values)
    edge = config["radial"]["n"] + (config["sequence_reach"] is not None)
    for block in range(config["layers"]):
        dense(f"block.{block}.filter.0", edge, filters)
        dense(f"block.{block}.filter.1", filters, filters, config["filter_bias"])
        dense(f"block.{block}.input", hidden, filters, False)
        dense(f"block.{block}.convolved", filters, hidden)
        dense(f"block.{block}.output", hidden, hidden)
    width = hidden
    for index, following in enumerate(config["head"]):
        dense(f"head.{index}", width, following)
        width = following
    dense(f"head.{len(config['head'])}", width, 1, config["head_bias"])
    return {name: tensor.requires_grad_() for name, tensor in out.items()}


def envelope(r, lo, hi):
    if lo > 0:
        values = 0.5 * (torch.cos(math.pi * (2 * (r - lo) / (hi - lo) + 1)) + 1)
    else:
        values = 0.5 * (torch.cos(math.pi * r / hi) + 1)
    return values * ((r < hi) & (r >= lo))


def basis(config, p, r):
    lo, hi, kind = config["cutoff_lower"], config["cutoff_upper"], config["radial"]["kind"]
    constants = first_constants(config)
    constants = {name: p.get(name, values) for name, values in constants.items()}
    r = r[:, None]
    if kind == "exp-normal":
        d = torch.exp(5 / (hi - lo) * (lo - r)) - constants["radial.means"]
        return envelope(r, 0.0, hi) * torch.exp(-constants["radial.betas"] * d**2)
    if kind == "gaussian":
        return torch.exp(constants["radial.coefficient"] * (r - constants["radial.offsets"]) ** 2)
    x, q = (r - lo) / (hi - lo), 6
    smooth = 1 / x - (q + 1) * (q + 2) / 2 * x ** (q - 1) + q * (q + 2) * x**q - q * (q + 1) / 2 * x ** (q + 1)
    return torch.sin(constants["radial.frequencies"] * x) * smooth


def energy(config, p, types, positions):
    n = len(types)
    act = {
        "tanh": torch.tanh,
        "silu": torch.nn.functional.silu,
        "shifted-softplus": lambda x: torch.nn.functional.softplus(x) - math.log(2),
    }[config["activation"]]

    def dense(name, x):
        return torch.nn.functional.linear(x, p[name + ".weight"], p.get(name + ".bias"))

    i, j = (~torch.eye(n, dtype=torch.bool)).nonzero().T
    r = (positions[i] - positions[j]).norm(dim=-1)
    near = (r < config["cutoff_upper"]) & (r >= config["cutoff_lower"])
    i, j, r = i[near], j[near], r[near]
    e = basis(config, p, r)
    if config["sequence_reach"] is not None:
        kappa = math.sqrt(-math.log(0.01)) / (config["sequence_reach"] + 0.9)
        s = torch.exp(-(((i - j) * kappa) ** 2))
        e = torch.cat([e, torch.where(s <= 0.01, 0.0, s)[:, None]], dim=1)
    c = envelope(r, config["cutoff_lower"], config["cutoff_upper"])[:, None]
    x = p["embedding"][types]
    for block in range(config["layers"]):
        name = f"block.{block}."
        w = dense(name + "filter.1", act(dense(name + "filter.0", e))) * c
        q = torch.zeros(n, config["filters"]).index_add(0, i, w * dense(name + "input", x)[j])
        x = x + dense(name + "output", act(dense(name + "convolved", q)))
    for index in range(len(config["head"])):
        x = act(dense(f"head.{index}", x))
    return config["energy_scale"] * dense(f"head.{len(config['head'])}", x).sum()


def frames(random, n_frames, n_beads):
    """Chains of 0.38 nm steps, compact enough that most pairs interact."""
    out = []
    while len(out) < n_frames:
        steps = random.draw(3 * (n_beads - 1)).reshape(-1, 3)
        steps = 0.38 * steps / steps.norm(dim=1, keepdim=True)
        x = torch.cat([torch.zeros(1, 3), steps.cumsum(0)])
        distances = torch.pdist(x)
        # away from the cutoffs, where f32 may decide otherwise
        edges = torch.tensor([0.2, 0.3, 0.9, 1.2, 1.5])
        if distances.min() > 0.21 and (distances[:, None] - edges).abs().min() > 1e-4:
            out.append(f32(x))
    return torch.stack(out)


def main():
    cases = []
    types = torch.tensor([4, 4, 5, 8, 6, 13, 2, 13, 7, 4])
    for index, (name, config) in enumerate(CONFIGS.items()):
        random = Uniform(index + 1)
        p = parameters(config, random)
        positions = frames(random, 3, len(types)).requires_grad_()
        targets = f32(300 * random.draw(positions.numel())).reshape(positions.shape)
        weights = f32(1 + 0.5 * random.draw(positions.numel())).reshape(positions.shape)
        energies = torch.stack([energy(config, p, types, x) for x in positions])
        (slopes,) = torch.autograd.grad(energies.sum(), positions, create_graph=True)
        loss = (weights * (-slopes - targets) ** 2).sum()
        gradients = torch.autograd.grad(loss, list(p.values()), allow_unused=True)
        tensors = []
        for (tensor_name, tensor), gradient in zip(p.items(), gradients):
            g = torch.zeros_like(tensor) if gradient is None else gradient
            shadow = random.draw(tensor.numel()).reshape(tensor.shape)
            tensors.append(
                {
                    "name": tensor_name,
                    "shape": list(tensor.shape),
                    "values": tensor.detach().flatten().tolist() if tensor_name.startswith("radial") else None,
                    "gradient_norm": g.norm().item(),
                    "gradient_shadow": (g * shadow).sum().item(),
                }
            )
        cases.append(
            {
                "name": name,
                "config": config,
                "types": types.tolist(),
                "seed": index + 1,
                "positions": positions.flatten(0, 1).tolist(),
                "targets": targets.flatten(0, 1).tolist(),
                "weights": weights.flatten(0, 1).tolist(),
                "energies": energies.tolist(),
                "forces": (-slopes).flatten(0, 1).tolist(),
                "loss": loss.item(),
                "tensors": tensors,
            }
        )
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
