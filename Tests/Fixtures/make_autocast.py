"""A small network with every product that bfloat16 has, in float32 and under autocast, for PrecisionTests.swift."""
import torch
import torch.nn.functional as F
from fixture_files import save, seed

seed(3)
SHAPES = {"conv.weight": [24, 6, 1, 1], "conv.bias": [24], "qkv.weight": [72, 24], "qkv.bias": [72], "up.weight": [48, 24],
          "up.bias": [48], "head.weight": [10, 48]}
weights = {name: torch.randn(shape) * (0.1 if name.endswith("bias") else shape[1] ** -0.5 if len(shape) > 1 else 1)
           for name, shape in SHAPES.items()}
images, labels = torch.randn(4, 6, 5, 5), torch.tensor([1, 7, 3, 0])


def network(w, x):
    pixels = F.conv2d(x, w["conv.weight"], w["conv.bias"]).flatten(2).transpose(1, 2)             # [4, 25, 24]
    heads = F.linear(pixels, w["qkv.weight"], w["qkv.bias"]).unflatten(2, (3, 4, 6)).permute(2, 0, 3, 1, 4)
    mixed = F.scaled_dot_product_attention(heads[0], heads[1], heads[2], is_causal=True).transpose(1, 2).flatten(2)
    hidden = F.gelu(F.linear(pixels + mixed, w["up.weight"], w["up.bias"])).mean(1)
    return F.cross_entropy(hidden @ w["head.weight"].t(), labels)


def results(autocast):
    w = {name: tensor.clone().requires_grad_() for name, tensor in weights.items()}
    x = images.clone().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        loss = network(w, x)
    loss.backward()
    return {"loss": loss, "images": x.grad, **{name: tensor.grad for name, tensor in w.items()}}


tensors = {"images": images, "labels": labels, **{f"weight/{name}": tensor for name, tensor in weights.items()}}
for kind, autocast in (("float32", False), ("autocast", True)):
    tensors |= {f"{kind}/{name}": tensor.float() for name, tensor in results(autocast).items()}
save("autocast", tensors, {"comment": "loss and gradients in float32 and under torch.autocast"})
