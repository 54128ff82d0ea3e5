"""Checkpoints with the names of torchmd-net and mlcg, converted, and their energies in their units.

Usage: cg_import_golden.py OUTPUT_FOLDER   (writes torchmd.safetensors, mlcg.safetensors, import.json)

The networks are small and random; energies (kcal/mol) and forces (kcal/mol/A) are evaluated here in f64 from the peers'
published equations, in Angstrom.
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

import torch

torch.manual_seed(5)
LOWER, UPPER, RADIAL, HIDDEN, FILTERS, TYPES = 3.0, 12.0, 7, 12, 10, 25


def linear(state, name, inputs, outputs, bias=True):
    state[name + ".weight"] = torch.randn(outputs, inputs) / math.sqrt(inputs)
    if bias:
        state[name + ".bias"] = 0.1 * torch.randn(outputs)


def network(names, lower, head, mlcg):
    state = {}
    state[names["embedding"]] = torch.randn(TYPES, HIDDEN)
    state[names["means"]] = torch.linspace(math.exp(lower - UPPER), 1, RADIAL)
    state[names["betas"]] = torch.full((RADIAL,), (2 / RADIAL * (1 - math.exp(lower - UPPER))) ** -2)
    for block in range(2):
        part = {key: value.format(block) for key, value in names["block"].items()}
        linear(state, part["a1"], RADIAL, FILTERS)
        linear(state, part["a2"], FILTERS, FILTERS, not mlcg)
        linear(state, part["b"], HIDDEN, FILTERS, False)
        linear(state, part["d"], FILTERS, HIDDEN)
        linear(state, part["g"], HIDDEN, HIDDEN)
    widths = [HIDDEN, *head, 1]
    for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        linear(state, names["head"].format(2 * index), inputs, outputs, not (mlcg and outputs == 1))
    return state


def energy(state, names, lower, layers, act, types, x):
    def dense(name, x):
        bias = state.get(name + ".bias")
        return x @ state[name + ".weight"].double().T + (0 if bias is None else bias.double())

    n = len(types)
    i, j = (~torch.eye(n, dtype=torch.bool)).nonzero().T
    r = (x[i] - x[j]).norm(dim=1)
    near = (r < UPPER) & (r >= lower)
    i, j, r = i[near], j[near], r[near, None]
    whole = 0.5 * (torch.cos(math.pi * r / UPPER) + 1)
    c = 0.5 * (torch.cos(math.pi * (2 * (r - lower) / (UPPER - lower) + 1)) + 1) if lower > 0 else whole
    d = torch.exp(5 / (UPPER - lower) * (lower - r)) - state[names["means"]].double()
    e = whole * torch.exp(-state[names["betas"]].double() * d**2)
    h = state[names["embedding"]].double()[types]
    for block in range(2):
        part = {key: value.format(block) for key, value in names["block"].items()}
        w = dense(part["a2"], act(dense(part["a1"], e))) * c
        q = torch.zeros(n, FILTERS, dtype=torch.float64).index_add(0, i, w * dense(part["b"], h)[j])
        h = h + dense(part["g"], act(dense(part["d"], q)))
    for index in range(layers):
        h = dense(names["head"].format(2 * index), act(h) if index else h)
    return h.sum()


PEERS = {
    "torchmd": dict(
        embedding="model.representation_model.embedding.weight",
        means="model.representation_model.distance_expansion.means",
        betas="model.representation_model.distance_expansion.betas",
        block=dict(
            a1="model.representation_model.interactions.{}.mlp.0",
            a2="model.representation_model.interactions.{}.mlp.2",
            b="model.representation_model.interactions.{}.conv.lin1",
            d="model.representation_model.interactions.{}.conv.lin2",
            g="model.representation_model.interactions.{}.lin",
        ),
        head="model.output_model.output_network.{}",
    ),
    "mlcg": dict(
        embedding="model.embedding_layer.weight",
        means="model.rbf_layer.means",
        betas="model.rbf_layer.betas",
        block=dict(
            a1="model.interaction_blocks.{}.conv.filter_network.layers.0",
            a2="model.interaction_blocks.{}.conv.filter_network.layers.2",
            b="model.interaction_blocks.{}.conv.lin1",
            d="model.interaction_blocks.{}.conv.lin2",
            g="model.interaction_blocks.{}.lin",
        ),
        head="model.output_network.layers.{}",
    ),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    types = torch.tensor([4, 4, 5, 8, 6, 13, 2])
    steps = torch.randn(6, 3)
    x = torch.cat([torch.zeros(1, 3), 3.8 * (steps / steps.norm(dim=1, keepdim=True)).cumsum(0)])
    cases = []
    for name, names in PEERS.items():
        mlcg = name == "mlcg"
        lower, head = (0.0, [9, 5]) if mlcg else (LOWER, [6])
        state = network(names, lower, head, mlcg)
        hyper = dict(cutoff_lower=lower, cutoff_upper=UPPER, activation="silu", neighbor_embedding=False, aggr="add")
        with tempfile.TemporaryDirectory() as scratch:
            checkpoint = pathlib.Path(scratch) / "model.ckpt"
            torch.save({"state_dict": state} | ({} if mlcg else {"hyper_parameters": hyper}), checkpoint)
            script = pathlib.Path(__file__).with_name("cg_import.py")
            options = ["--cutoff-lower", "0", "--cutoff-upper", "12", "--activation", "tanh"] if mlcg else []
            subprocess.run([sys.executable, script, checkpoint, folder / f"{name}.safetensors", *options], check=True)
        act = torch.tanh if mlcg else torch.nn.functional.silu
        positions = x.double().requires_grad_()
        value = energy(state, names, lower, len(head) + 1, act, types, positions)
        (slopes,) = torch.autograd.grad(value, positions)
        cases.append({"name": name, "energy": value.item(), "forces": (-slopes).tolist()})
    out = {"torch": torch.__version__, "types": types.tolist(), "positions": x.double().tolist(), "cases": cases}
    (folder / "import.json").write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
