"""Writes mobilenet_v2.json: what torchvision's MobileNetV2 computes. Needs torch and torchvision."""
import torchvision
from hashed_network import fill_rules, write

model = torchvision.models.mobilenet_v2(weights=None, width_mult=0.35, num_classes=5, dropout=0.0)
write(
    "mobilenet_v2",
    "torchvision's mobilenet_v2, width_mult 0.35, 5 classes, no dropout, in float64; made by make_mobilenet.py",
    model, fill_rules(model), logits=lambda output: output)
