"""Writes yolo_classifier.json: what Ultralytics' YOLO11n-cls computes. Needs ultralytics 8.4.190; its YOLO26n-cls has the
same tensors. No weight is stored: they are hashed as in make_mobilenet.py.
"""
import json
from pathlib import Path
import torch
import torch.nn.functional as F
from ultralytics.nn.tasks import ClassificationModel
from make_mobilenet import fill_rule, hashed

model = ClassificationModel("yolo11n-cls.yaml", nc=5, verbose=False)
fill = {k: fill_rule(k, v) for k, v in model.state_dict().items() if v.is_floating_point()}
# SiLU makes signals smaller, which would leave all images with the same logits.
fill |= {k: (1.1, 0.25) for k in fill if k.endswith("bn.weight")}
model.load_state_dict({k: hashed(k, v.shape, *fill[k]) if k in fill else v for k, v in model.state_dict().items()})
model.double()
x, y = hashed("input", (3, 3, 64, 64), 0.0, 1.0).double(), torch.tensor([3, 1, 4])
with torch.no_grad():
    logits = model.eval()(x)[1]
loss = F.cross_entropy(model.train()(x), y)
loss.backward()
Path(__file__).with_name("yolo_classifier.json").write_text(json.dumps({
    "about": "Ultralytics' yolo11n-cls with 5 classes, in float64; made by make_yolo_classifier.py",
    "fill": fill, "input": [3, 3, 64, 64], "target": y.tolist(), "logits_eval": logits.tolist(), "loss_train": loss.item(),
    "grad_norm": {k: p.grad.norm().item() for k, p in model.named_parameters()}}, indent=0) + "\n")
