"""Turns a checkpoint of torchmd-net's graph network, or of mlcg's SchNet, into weights for Network::load.

Usage: cg_import.py CHECKPOINT.ckpt OUT.safetensors [--cutoff-lower A] [--cutoff-upper A] [--activation NAME]

Needs PyTorch. Lengths on the command line are in Angstrom, as in the checkpoints; they and the activation are read from
the checkpoint where it has them (torchmd-net's hyper_parameters) and must be given where it has not (mlcg). Energies stay
in kcal/mol: the network's energy_scale is 4.184.
"""

import argparse
import json
import re
import struct

import torch

RENAMED = [
    # torchmd-net
    (r"representation_model\.embedding\.weight", "embedding"),
    (r"representation_model\.distance_expansion\.means", "radial.means"),
    (r"representation_model\.distance_expansion\.betas", "radial.betas"),
    (r"representation_model\.interactions\.(\d+)\.mlp\.0\.(\w+)", r"block.\1.filter.0.\2"),
    (r"representation_model\.interactions\.(\d+)\.mlp\.2\.(\w+)", r"block.\1.filter.1.\2"),
    (r"representation_model\.interactions\.(\d+)\.conv\.lin1\.weight", r"block.\1.input.weight"),
    (r"representation_model\.interactions\.(\d+)\.conv\.lin2\.(\w+)", r"block.\1.convolved.\2"),
    (r"representation_model\.interactions\.(\d+)\.lin\.(\w+)", r"block.\1.output.\2"),
    (r"output_model\.output_network\.(\d+)\.(\w+)", r"head.\1.\2"),
    # mlcg
    (r"embedding_layer\.weight", "embedding"),
    (r"rbf_layer\.means", "radial.means"),
    (r"rbf_layer\.betas", "radial.betas"),
    (r"interaction_blocks\.(\d+)\.conv\.filter_network\.layers\.0\.(\w+)", r"block.\1.filter.0.\2"),
    (r"interaction_blocks\.(\d+)\.conv\.filter_network\.layers\.2\.(\w+)", r"block.\1.filter.1.\2"),
    (r"interaction_blocks\.(\d+)\.conv\.lin1\.weight", r"block.\1.input.weight"),
    (r"interaction_blocks\.(\d+)\.conv\.lin2\.(\w+)", r"block.\1.convolved.\2"),
    (r"interaction_blocks\.(\d+)\.lin\.(\w+)", r"block.\1.output.\2"),
    (r"output_network\.layers\.(\d+)\.(\w+)", r"head.\1.\2"),
]


def rename(state):
    """Our names; what a network's energy does not depend on is left out."""
    out = {}
    for key, tensor in state.items():
        for pattern, name in RENAMED:
            match = re.search(r"(?:^|\.)" + pattern + "$", key)
            if match:
                name = match.expand(name)
                # dense layers of a head are counted without the activations between them
                name = re.sub(r"head\.(\d+)", lambda m: f"head.{int(m[1]) // 2}", name)
                out[name] = tensor.detach().to(torch.float32).cpu().contiguous()
                break
    return out


def configuration(tensors, hyper, options):
    def setting(name, given):
        if given is None and name not in hyper:
            raise SystemExit(f"the checkpoint does not say {name}: give it on the command line")
        return hyper[name] if given is None else given

    blocks = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("block."))
    dense = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("head."))
    activation = setting("activation", options.activation)
    for unsupported, wanted in [("neighbor_embedding", False), ("aggr", "add")]:
        if hyper.get(unsupported, wanted) != wanted:
            raise SystemExit(f"{unsupported} = {hyper[unsupported]} is not supported")
    if "radial.means" not in tensors:
        raise SystemExit("only bases of exponential normals are supported")
    n_types, hidden = tensors["embedding"].shape
    filters, n_radial = tensors["block.0.filter.0.weight"].shape
    return {
        "n_types": n_types,
        "hidden": hidden,
        "filters": filters,
        "layers": blocks,
        # stored constants are kept, trained or not
        "radial": {"kind": "exp-normal", "n": n_radial, "trainable": True},
        "cutoff_lower": float(setting("cutoff_lower", options.cutoff_lower)) / 10,
        "cutoff_upper": float(setting("cutoff_upper", options.cutoff_upper)) / 10,
        "activation": {"ssp": "shifted-softplus"}.get(activation, activation),
        "head": [tensors[f"head.{k}.weight"].shape[0] for k in range(dense - 1)],
        "filter_bias": "block.0.filter.1.bias" in tensors,
        "head_bias": f"head.{dense - 1}.bias" in tensors,
        "sequence_reach": None,
        "energy_scale": 4.184,
    }


def write(path, tensors, config):
    header, data = {"__metadata__": {"foldscape.cg-network": json.dumps(config)}}, b""
    for name, tensor in tensors.items():
        values = struct.pack(f"<{tensor.numel()}f", *tensor.flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    parser.add_argument("--cutoff-lower", type=float)
    parser.add_argument("--cutoff-upper", type=float)
    parser.add_argument("--activation", choices=["tanh", "silu", "ssp"])
    options = parser.parse_args()
    checkpoint = torch.load(options.checkpoint, map_location="cpu", weights_only=True)
    state = checkpoint.get("state_dict", checkpoint)
    tensors = rename(state)
    if "embedding" not in tensors or "head.0.weight" not in tensors:
        raise SystemExit("neither a graph network of torchmd-net nor a SchNet of mlcg")
    config = configuration(tensors, checkpoint.get("hyper_parameters", {}), options)
    scale = {key.rsplit(".", 1)[-1]: float(state[key]) for key in state if key in ("model.mean", "model.std")}
    if scale.get("mean", 0.0) != 0.0:
        raise SystemExit(f"energies are shifted by {scale['mean']}, which is not supported")
    config["energy_scale"] *= scale.get("std", 1.0)
    write(options.out, tensors, config)


if __name__ == "__main__":
    main()
