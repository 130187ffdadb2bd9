"""One step of a small network with batch norm over a batch of ten images, for SyncBatchNormTests.swift."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from fixture_files import save, seed

seed(5)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(3, 5, 3, padding=1), nn.BatchNorm2d(5)
        self.conv2, self.norm2 = nn.Conv2d(5, 5, 1), nn.BatchNorm2d(5)
        self.conv3, self.norm3 = nn.Conv2d(5, 5, 1), nn.BatchNorm2d(5)
        self.head = nn.Linear(5, 2)

    def forward(self, x):
        x = F.silu(self.norm1(self.conv1(x)))
        x = F.relu(self.norm2(self.conv2(x)) + x)
        x = F.silu(self.norm3(self.conv3(x)) + x)
        return self.head(x.mean((2, 3)))


model = Network()
for norm in (model.norm1, model.norm2, model.norm3):
    nn.init.uniform_(norm.weight, 0.5, 1.5)
    nn.init.normal_(norm.bias)
# Images far from 0 that differ in brightness: slots have other statistics than the batch.
images = torch.randn(10, 3, 6, 6) + torch.arange(10).view(10, 1, 1, 1) + 3
targets = torch.randn(10, 2)
tensors = {"images": images, "targets": targets, **{f"before/{name}": value.clone() for name, value in model.state_dict().items()}}
loss = F.mse_loss(model(images), targets)
loss.backward()
tensors |= {f"gradient/{name}": parameter.grad for name, parameter in model.named_parameters()}
tensors |= {f"after/{name}": value for name, value in model.named_buffers()}
tensors["loss"] = loss
save("sync_batch_norm", tensors, {"comment": "gradients and running averages of a training step over the whole batch"})
