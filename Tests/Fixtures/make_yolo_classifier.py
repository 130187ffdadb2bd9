"""Writes yolo_classifier.json: what Ultralytics' YOLO11n-cls computes. Needs ultralytics 8.4.190; its YOLO26n-cls has the
same tensors.
"""
from ultralytics.nn.tasks import ClassificationModel
from hashed_network import fill_rules, write

model = ClassificationModel("yolo11n-cls.yaml", nc=5, verbose=False)
fill = fill_rules(model)
# SiLU makes signals smaller, which would leave all images with the same logits.
fill |= {k: (1.1, 0.25) for k in fill if k.endswith("bn.weight")}
write(
    "yolo_classifier", "Ultralytics' yolo11n-cls with 5 classes, in float64; made by make_yolo_classifier.py", model, fill,
    logits=lambda output: output[1])
