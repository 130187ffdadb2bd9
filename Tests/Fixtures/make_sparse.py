"""Values of PyTorch's sparse gradients and of the optimizers that take them, for SparseGradientTests.swift."""
import torch

ids = [torch.tensor([[1, 4, 1], [7, 4, 4]]), torch.tensor([[0, 7, 7], [1, 1, 3]]), torch.tensor([[5, 0, 2], [5, 5, 7]])]

def table():
    return torch.arange(24, dtype=torch.float32).reshape(8, 3) / 10 - 1

def train(make):
    layer = torch.nn.Embedding(8, 3, padding_idx=2, sparse=True)
    with torch.no_grad():
        layer.weight.copy_(table())
    optimizer = make([layer.weight])
    for batch in ids:
        optimizer.zero_grad()
        out = layer(batch)
        (out * out * torch.arange(1, 19).reshape(2, 3, 3) / 10).sum().backward()
        optimizer.step()
    return layer.weight.detach()

layer = torch.nn.Embedding(8, 3, padding_idx=2, sparse=True)
with torch.no_grad():
    layer.weight.copy_(table())
for batch in ids[:2]:
    out = layer(batch)
    (out * out * torch.arange(1, 19).reshape(2, 3, 3) / 10).sum().backward()
g = layer.weight.grad.coalesce()
print("rows", g.indices()[0].tolist())
torch.set_printoptions(precision=9)
print("values", [round(x, 7) for x in g.values().flatten().tolist()])
print("sgd", [round(x, 7) for x in train(lambda p: torch.optim.SGD(p, lr=0.1)).flatten().tolist()])
print("sparse_adam", [round(x, 7) for x in train(lambda p: torch.optim.SparseAdam(p, lr=0.1)).flatten().tolist()])
