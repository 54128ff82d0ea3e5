"""PyTorch's results for the operations of autoencoder::ops, in our channel-last layout.

Usage: autoencoder_ops.py OUTPUT_FOLDER   (writes ops.json)
"""

import json
import pathlib
import sys

import torch

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def flat(t):
    return [round(v, 12) for v in t.detach().contiguous().flatten().tolist()]


def entry(name, inputs, output, **options):
    """Inputs, output, and the gradients of sum(output * weights)."""
    weights = torch.randn_like(output)
    leaves = list(inputs.values())
    gradients = torch.autograd.grad((output * weights).sum(), leaves, retain_graph=True)
    return {
        "name": name,
        "options": options,
        "inputs": [{"name": k, "shape": list(v.shape), "values": flat(v)} for k, v in inputs.items()],
        "output": {"shape": list(output.shape), "values": flat(output)},
        "weights": flat(weights),
        "gradients": [flat(g) for g in gradients],
    }


def leaf(*shape):
    # rounded so that the file holds exactly what was used
    return torch.randn(*shape).mul(1e6).round().div(1e6).requires_grad_()


def main():
    cases = []
    nn = torch.nn.functional
    for kernel, stride, padding, length in [(4, 2, 1, 9), (3, 1, 1, 6), (1, 1, 0, 5)]:
        x, w = leaf(3, length, 3), leaf(kernel, 3, 4)
        y = nn.conv1d(x.permute(0, 2, 1), w.permute(2, 1, 0), stride=stride, padding=padding).permute(0, 2, 1)
        cases.append(entry("conv1d", {"x": x, "w": w}, y, stride=stride, padding=padding))
    for kernel, stride, padding, length in [(4, 2, 1, 5), (3, 1, 1, 6)]:
        x, w = leaf(2, length, 3), leaf(kernel, 4, 3)
        y = nn.conv_transpose1d(
            x.permute(0, 2, 1), w.permute(2, 1, 0), stride=stride, padding=padding
        ).permute(0, 2, 1)
        cases.append(entry("conv_transpose1d", {"x": x, "w": w}, y, stride=stride, padding=padding))
    for rectify in [False, True]:
        x, gamma, beta = leaf(3, 7, 4), leaf(4), leaf(4)
        y = nn.batch_norm(x.permute(0, 2, 1), None, None, gamma, beta, training=True, eps=1e-5).permute(0, 2, 1)
        y = nn.relu(y) if rectify else y
        cases.append(entry("batch_norm", {"x": x, "gamma": gamma, "beta": beta}, y, rectify=rectify))
    x = leaf(2, 9, 3)
    cases.append(entry("max_over_points", {"x": x}, x.max(dim=1)[0]))
    x = leaf(2, 12, 3)
    k = 5
    nearest = torch.cdist(x, x).topk(k, dim=-1, largest=False)[1]
    gathered = torch.stack([x[b][nearest[b]] for b in range(2)])
    cases.append(entry("neighbour_max", {"x": x}, gathered.max(dim=2)[0], k=k))
    deviations = gathered - gathered.mean(dim=2, keepdim=True)
    covariance = (deviations.transpose(2, 3) @ deviations).reshape(2, 12, 9)
    cases.append(entry("local_covariance", {"x": x}, covariance, k=k))
    code, points, w = leaf(2, 2, 3), leaf(2, 6, 2), leaf(3, 6, 4)
    grid = torch.linspace(-0.5, 0.5, 6).view(1, 6, 1).expand(2, 6, 1)
    whole = torch.cat([grid, code.repeat_interleave(3, dim=1), points], dim=2)
    y = nn.conv1d(whole.permute(0, 2, 1), w.permute(2, 1, 0), padding=1).permute(0, 2, 1)
    cases.append(entry("folding_conv", {"code": code, "points": points, "w": w}, y, repeat=3))
    document = {"torch": torch.__version__, "cases": cases}
    path = pathlib.Path(sys.argv[1]) / "ops.json"
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
