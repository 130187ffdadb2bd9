#!/usr/bin/env python3
"""yolo/NAME_ncN.safetensors and .json: what Ultralytics computes with YOLO11n and YOLO26n of 3 and 80 classes.

Needs ultralytics 8.4.190. Parameters are hashed (see hashed_network.py; `fill` gives a and b, and SALT/KEY is what is hashed), except
batch norm's running statistics and the last biases of the head, which are stored under weights/, and the fixed dfl.conv.weight = 0..15.

The input is images uint8 [2,3,96,128] (not square on purpose), divided by 255; there are 252 anchors. Everything is float32.
  eval/boxes, eval/scores    image 0, the head's raw output (scores are logits); YOLO26 has eval/one2many/* and eval/one2one/*
  eval/decoded               image 0, [1, 4 + nc, 252]: xywh in pixels and sigmoid scores (YOLO26: of one2many)
  eval/nms                   image 0: rows xyxy, score, class of eval/decoded after suppression (`nms` in the manifest)
  eval/end2end               YOLO26, both images, [2, 300, 6] or fewer: xyxy, score, class by falling score, no suppression
  train/labels               rows image, class, x, y, w, h (normalised)
  train/grad/KEY, train/stat/KEY   a few whole gradients, and running statistics after the one forward pass
The manifest has the loss (times the batch size), its items (YOLO26: one2one's), the norm of every gradient, the losses over steps of SGD,
and how far float64 is from all this.
"""
import sys
from types import SimpleNamespace
import numpy as np
import torch
from torch import nn
import ultralytics
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.nms import non_max_suppression
from fixture_files import save, seed
from hashed_network import hashed

HEIGHT, WIDTH = 96, 128
NMS = dict(conf_thres=0.25, iou_thres=0.7, max_det=300)
SGD = dict(lr=2e-5, momentum=0.9, nesterov=True)


def images():
    """Smooth gradients, discs and noise."""
    rng, (y, x) = np.random.default_rng(11), np.mgrid[:HEIGHT, :WIDTH] / WIDTH
    out = []
    for k in range(2):
        art = np.stack([127 + 100 * np.sin(6 * x + (3 + k) * y), 255 * x * y, 127 + 90 * np.cos(9 * y - 4 * k * x)], -1)
        for _ in range(10):
            (cx, cy), r, colour = rng.random(2), rng.uniform(0.04, 0.2), rng.uniform(0, 255, 3)
            art[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = colour
        out.append((art + rng.normal(0, 8, art.shape)).clip(0, 255).astype(np.uint8).transpose(2, 0, 1))
    return torch.from_numpy(np.ascontiguousarray(np.stack(out)))


def labels(classes):
    """Objects of very different sizes, uneven counts, an overlapping pair and one below the 16-pixel floor."""
    pixels = [(0, 66.3, 48.1, 102.4, 74.8), (0, 33.7, 57.3, 34.6, 45.4), (0, 42.1, 60.2, 37.6, 40.2), (0, 103.2, 20.9, 10.6, 11.8),
              (1, 40.4, 37.7, 50.6, 45.2), (1, 83.9, 55.8, 66.2, 60.6)]
    return torch.tensor([[i, (7 * n + 2) % classes, x / WIDTH, y / HEIGHT, w / WIDTH, h / HEIGHT]
                         for n, (i, x, y, w, h) in enumerate(pixels)], dtype=torch.float32)


def last_layers(head):
    """The kind (box or class), branch, name and level of the last convolution of every branch and level."""
    for prefix in ("", "one2one_") if getattr(head, "one2one_cv2", None) is not None else ("",):
        for kind, name in (("box", "cv2"), ("class", "cv3")):
            for level, layers in enumerate(getattr(head, prefix + name)):
                yield kind, "one2one" if prefix else "one2many", f"{prefix}{name}.{level}.{len(layers) - 1}", level


def fill_rule(name, t, gain):
    """Unit gain, and nothing so regular that a swapped or forgotten tensor would not show."""
    if t.dim() > 1:
        return 0.0, float(np.float32(gain * (3 * t.shape[0] / t.numel()) ** 0.5))
    return (1.0, 0.5) if name.endswith("bn.weight") else (0.0, 0.35) if name.endswith("bn.bias") else (0.0, 0.2)


def prepare(name, classes, x, salt):
    """The model, the tensors that the formula does not give, and the formula's numbers."""
    seed(salt)
    model = DetectionModel(f"{name}.yaml", nc=classes, verbose=False)
    model.args = SimpleNamespace(box=7.5, cls=0.5, dfl=1.5, epochs=100)
    head, at = model.model[-1], f"model.{len(model.model) - 1}"
    gains = {f"{at}.{layer}.weight": 0.4 if kind == "box" else 0.8 for kind, _, layer, _ in last_layers(head)}
    state = model.state_dict()
    fill = {k: fill_rule(k, v, gains.get(k, 1.0)) for k, v in state.items()
            if v.is_floating_point() and "running" not in k and not k.endswith("dfl.conv.weight")}
    formula = {k: hashed(f"{salt}/{k}", state[k].shape, *fill[k]) for k in fill}
    for k, v in formula.items():
        state[k].copy_(v)
    with torch.no_grad():
        for kind, _, layer, level in last_layers(head):
            if kind == "box":
                state[f"{at}.{layer}.bias"].add_(
                    (2.0, 1.8, 1.3)[level] if head.reg_max == 1 else -(0.3, 0.4, 0.55)[level] * torch.arange(16.0).repeat(4))
        calibrate(model, x)
        raw = model.eval()(x)[1]
        for kind, branch, layer, _ in last_layers(head):
            if kind == "class":                                       # 14 % of image 0's anchors get a score above 0.25
                scores = (raw[branch] if branch in raw else raw)["scores"]
                state[f"{at}.{layer}.bias"].add_(-1.0986 - scores[0].amax(0).quantile(0.86))
    state = model.state_dict()
    stored = {k: v.clone() for k, v in state.items() if "running" in k or k in formula and not torch.equal(v, formula[k])}
    return model, stored, {k: v for k, v in fill.items() if k not in stored}


def calibrate(model, x):
    """Gives batch norm running statistics that belong to the weights, but not exactly."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for m in norms:
        m.momentum = None                                             # a cumulative average
    model.train()
    for k in range(3):
        model(x if not k else (x + 0.02 * k * torch.randn_like(x)).clamp(0, 1))
    for m in norms:
        m.momentum = 0.03
        m.running_mean.add_(0.05 * m.running_var.sqrt() * torch.randn_like(m.running_mean))
        m.num_batches_tracked.zero_()


class Decisions:
    """Records what each assigner chose, and by what margin."""

    def __init__(self, criterion):
        self.chosen, self.margins = {}, []
        for tag in ("one2many", "one2one") if hasattr(criterion, "one2one") else ("",):
            self.watch(tag, (getattr(criterion, tag) if tag else criterion).assigner)

    def watch(self, tag, assigner):
        metrics, highest, forward = assigner.get_box_metrics, assigner.select_highest_overlaps, assigner.forward

        def get_box_metrics(scores, boxes, classes, truth, mask, **named):
            align, overlaps = metrics(scores, boxes, classes, truth, mask, **named)
            for row, inside in zip(align.flatten(0, 1), mask.flatten(0, 1)):
                live = row[inside.bool()].sort(descending=True).values
                if int((live > 0).sum()) < min(assigner.topk, len(live)):
                    self.margins.append(0.0)                          # ties among zeros: the order decides
                elif len(live) > assigner.topk:
                    self.margins.append(float(1 - live[assigner.topk] / live[assigner.topk - 1]))
            return align, overlaps

        def select_highest_overlaps(mask, overlaps, count, align):
            shared = mask.sum(-2) > 1
            top = overlaps.transpose(1, 2)[shared].sort(-1, descending=True).values
            self.margins += [float(t[0] - t[1]) for t in top]
            if assigner.topk2 != assigner.topk:
                winner = torch.zeros_like(mask).scatter_(1, overlaps.max(1).indices[:, None], 1)
                best = (align * torch.where(shared[:, None], winner, mask)).topk(2, -1).values
                self.margins += [float(1 - b[1] / b[0]) for b in best.flatten(0, 1) if b[0] > 0]
            return highest(mask, overlaps, count, align)

        def assign(*arguments, **named):
            out = forward(*arguments, **named)
            self.chosen[tag] = out[3], out[4] * out[3]
            return out
        assigner.get_box_metrics, assigner.select_highest_overlaps, assigner.forward = get_box_metrics, select_highest_overlaps, assign

    def are_those_of(self, other):
        return all(torch.equal(a, b) for tag in self.chosen for a, b in zip(self.chosen[tag], other.chosen[tag]))


def train_pass(model, x, rows):
    batch = {"img": x, "batch_idx": rows[:, 0], "cls": rows[:, 1:2], "bboxes": rows[:, 2:]}
    model.train().zero_grad(set_to_none=True)
    model.criterion = model.init_criterion()
    decisions = Decisions(model.criterion)
    loss, items = model.criterion(model(x), batch)
    loss.sum().backward()
    gradients = {k: p.grad.clone() for k, p in model.named_parameters() if p.grad is not None}
    return SimpleNamespace(
        loss=loss.tolist(), items={k: float(v) for k, v in items.items()}, gradients=gradients, decisions=decisions,
        norms={k: g.norm().item() for k, g in gradients.items()},
        statistics={k: v.clone() for k, v in model.state_dict().items() if "running" in k})


@torch.no_grad()
def evaluate(model, x):
    return model.eval()(x)


class Double:
    """Float64 throughout: the loss calls .float() and torch.zeros() here and there."""

    def __enter__(self):
        self.real, torch.Tensor.float = torch.Tensor.float, torch.Tensor.double
        torch.set_default_dtype(torch.float64)

    def __exit__(self, *_):
        torch.Tensor.float = self.real
        torch.set_default_dtype(torch.float32)


def descend(model, weights, x, rows):
    model.load_state_dict(weights)
    optimizer, sums = torch.optim.SGD(model.parameters(), **SGD), []
    for _ in range(4):
        sums.append(sum(train_pass(model, x, rows).loss))
        optimizer.step()
    return sums


def clear_cut(name, classes, x, rows):
    """The first salt with which no decision is close, and float64 decides as float32 does."""
    for salt in range(1, 200):
        model, stored, fill = prepare(name, classes, x, salt)
        weights = {k: v.clone() for k, v in model.state_dict().items()}
        decoded = evaluate(model, x)[0]
        if float((decoded[0, 4:].amax(0) - NMS["conf_thres"]).abs().min()) < 2e-5:
            continue
        result = train_pass(model, x, rows)
        if min(result.decisions.margins) < 2e-3:
            continue
        model.load_state_dict(weights)
        with Double():
            decoded64 = evaluate(model.double(), x.double())[0]
            exact = train_pass(model, x.double(), rows.double())
        model.float().load_state_dict(weights)
        if np.allclose(result.loss, exact.loss, rtol=2e-5, atol=1e-6) and result.decisions.are_those_of(exact.decisions):
            print(name, classes, "salt", salt, flush=True)
            return salt, model, weights, stored, fill, result, exact, decoded64


def make(name, classes):
    pixels, rows = images(), labels(classes)
    x = pixels.float() / 255
    salt, model, weights, stored, fill, result, exact, decoded64 = clear_cut(name, classes, x, rows)
    decoded, raw = evaluate(model, x)
    head, at = model.model[-1], f"model.{len(model.model) - 1}"
    dual = "one2one" in raw
    tensors = {"images": pixels, "train/labels": rows, "eval/decoded": decoded[:1]} | {f"weights/{k}": v for k, v in stored.items()}
    for tag in ("one2many/", "one2one/") if dual else ("",):
        for part in ("boxes", "scores"):
            tensors[f"eval/{tag}{part}"] = (raw[tag[:-1]] if dual else raw)[part][:1]
    tensors["eval/nms"] = non_max_suppression(decoded[:1].clone(), **NMS)[0]
    if dual:
        head.end2end = True
        tensors["eval/end2end"] = evaluate(model, x)[0]
        head.end2end = False
    whole = ["model.0.conv.weight", "model.10.m.0.attn.pe.conv.weight", f"{at}.{'one2one_' if dual else ''}cv2.0.2.weight"]
    tensors |= {f"train/grad/{k}": result.gradients[k] for k in whole}
    tensors |= {f"train/stat/{k}": result.statistics[k]
                for k in ("model.0.bn.running_mean", "model.0.bn.running_var", "model.9.cv2.bn.running_var")}
    drift = [abs(result.norms[k] - g) / g for k, g in exact.norms.items() if g > 1e-8]
    manifest = dict(
        about=__doc__.strip().splitlines(), ultralytics=ultralytics.__version__, nc=classes, salt=salt, fill=fill,
        shapes={k: list(v.shape) for k, v in weights.items()},
        nms=dict(NMS, kept=len(tensors["eval/nms"])), loss=result.loss, loss_sum=sum(result.loss), loss_items=result.items,
        grad_norm=result.norms, smallest_margin=min(result.decisions.margins),
        sgd=dict(SGD, loss_sum=descend(model, weights, x, rows)))
    with Double():
        manifest["sgd"]["loss_sum_float64"] = descend(model.double(), weights, x.double(), rows.double())
    manifest["float64"] = dict(
        decoded_max_diff=float((decoded - decoded64).abs().max()), loss=exact.loss, loss_items=exact.items,
        grad_norm_max_rel_diff=max(drift), grad_norm_median_rel_diff=float(np.median(drift)))
    print(manifest["sgd"], manifest["float64"], manifest["nms"], manifest["loss"])
    save(f"yolo/{name}_nc{classes}", tensors, manifest)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in ("yolo11n", "yolo26n"):
        for classes in (80, 3):
            if not sys.argv[1:] or f"{name}_nc{classes}" in sys.argv[1:]:
                make(name, classes)
