#!/usr/bin/env python3
"""map/SET.json: detections and ground truth with the average precisions of pycocotools and of Ultralytics' DetMetrics.

Boxes are xyxy pixels.  `truth` rows: image, class, x1, y1, x2, y2, iscrowd; `detections` rows: image, class, score, x1, y1, x2, y2,
in the order both tools received them.  IoU thresholds 0.50:0.05:0.95; pycocotools with its defaults (area all, 100 detections per
image; bounding boxes passed as xywh).  Ultralytics gets each image's detections in falling score order, as its NMS emits them.
Where they differ: pycocotools samples the precision envelope at 101 recalls (a step function, the first point with recall >= r),
Ultralytics interpolates it linearly and integrates by trapezoids; pycocotools averages over classes with ground truth only, and so
does Ultralytics; Ultralytics sorts scores with numpy's unstable argsort (`ultralytics_stable` is the same code with a stable sort:
equal scores keep image order), pycocotools with a stable one; pycocotools ignores iscrowd truth, Ultralytics has no such flag (its values are left out of that set).
"""
import contextlib, io
from types import SimpleNamespace
import numpy as np
import torch
from fixture_files import FOLDER, VERSIONS, dumps

NC, SIZE = 5, 640


def boxes(rng, n, lo=20, hi=200):
    wh = rng.uniform(lo, hi, (n, 2))
    xy = rng.uniform(0, SIZE - wh)
    return np.concatenate([xy, xy + wh], 1)


def jitter(rng, box, amount):
    return box + rng.normal(0, amount, 4) * np.tile(box[2:] - box[:2], 2)


def crowded():
    """12 images with 25 to 45 objects in clusters, near duplicates, false positives, wrong classes; two images with more than 100 detections."""
    rng, truth, found = np.random.default_rng(1), [], []
    for image in range(12):
        centres = boxes(rng, 6, 60, 160)
        for _ in range(rng.integers(25, 46)):
            c, b = int(rng.integers(NC)), jitter(rng, centres[rng.integers(6)], 0.25)
            truth.append([image, c, *b, 0])
            for _ in range(rng.integers(0, 4) + (2 if image < 2 else 0)):
                found.append([image, c if rng.random() < 0.85 else int(rng.integers(NC)), rng.beta(2, 2), *jitter(rng, b, rng.choice([0.02, 0.06, 0.15]))])
        for b in boxes(rng, 15):
            found.append([image, int(rng.integers(NC)), rng.beta(1, 3), *b])
    return truth, found


def empty():
    """Images without truth, without detections, without either; class 3 only in truth, class 4 only in detections; class 2 nowhere."""
    rng, truth, found = np.random.default_rng(2), [], []
    for image in range(10):
        for b in boxes(rng, 4) if image not in (1, 4, 7) else []:
            c = int(rng.choice([0, 1, 3]))
            truth.append([image, c, *b, 0])
            if image != 2 and c != 3:
                found.append([image, c, rng.random(), *jitter(rng, b, 0.05)])
        for b in boxes(rng, 3) if image not in (2, 7) else []:
            found.append([image, int(rng.choice([0, 1, 4])), 0.7 * rng.random(), *b])
    return truth, found


def ties():
    """Scores from {0.1 .. 0.9}, duplicated detections, IoU of exactly 0.5 and 0.75, one detection between two equal truths."""
    rng, truth, found = np.random.default_rng(3), [], []
    for image in range(8):
        for b in boxes(rng, 6).round():
            c = int(rng.integers(3))
            truth.append([image, c, *b, 0])
            for _ in range(rng.integers(1, 4)):
                found.append([image, c, rng.integers(1, 10) / 10, *jitter(rng, b, 0.06)])
            found.append(list(found[-1]))
    truth += [[8, 0, 100, 100, 200, 200, 0], [8, 1, 300, 100, 400, 200, 0], [8, 2, 100, 300, 200, 400, 0], [8, 2, 100, 300, 200, 400, 0]]
    found += [[8, 0, 0.5, 100, 100, 200, 150], [8, 1, 0.5, 300, 100, 400, 175], [8, 2, 0.5, 100, 300, 200, 400], [8, 2, 0.5, 101, 300, 201, 400]]
    return truth, found


def crowd_flag():
    """`crowded` with every seventh object marked iscrowd."""
    truth, found = crowded()
    return [[*t[:6], int(n % 7 == 0)] for n, t in enumerate(truth)], found


def coco(truth, found, images):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    wh = lambda x1, y1, x2, y2: [x1, y1, x2 - x1, y2 - y1]
    gt = COCO()
    gt.dataset = dict(images=[dict(id=i) for i in range(images)], categories=[dict(id=c) for c in range(NC)], info={}, annotations=[
        dict(id=n + 1, image_id=t[0], category_id=t[1], bbox=wh(*t[2:6]), area=(t[4] - t[2]) * (t[5] - t[3]), iscrowd=t[6]) for n, t in enumerate(truth)])
    with contextlib.redirect_stdout(io.StringIO()):
        gt.createIndex()
        dt = gt.loadRes([dict(image_id=d[0], category_id=d[1], score=d[2], bbox=wh(*d[3:])) for d in found])
        e = COCOeval(gt, dt, "bbox")
        e.evaluate(), e.accumulate(), e.summarize()
    p = e.eval["precision"][:, :, :, 0, 2]                         # threshold, recall, class
    ap = [[float(p[t, :, c].mean()) if (p[t, :, c] > -1).any() else None for t in range(10)] for c in range(NC)]
    names = ["map", "map50", "map75", "map_small", "map_medium", "map_large", "ar1", "ar10", "ar100", "ar_small", "ar_medium", "ar_large"]
    return dict(zip(names, map(float, e.stats)), ap=ap)


def ultralytics(truth, found, images):
    from ultralytics.models.yolo.detect import DetectionValidator
    from ultralytics.utils.metrics import DetMetrics
    judge = SimpleNamespace(iouv=torch.linspace(0.5, 0.95, 10), niou=10)
    judge.match_predictions = lambda *a: DetectionValidator.match_predictions(judge, *a)
    metrics = DetMetrics({c: str(c) for c in range(NC)})
    for image in range(images):
        t = torch.tensor([t[1:6] for t in truth if t[0] == image], dtype=torch.float32).view(-1, 5)
        d = sorted((d[1:] for d in found if d[0] == image), key=lambda d: -d[1])
        d = torch.tensor(d, dtype=torch.float32).view(-1, 6)
        preds, batch = dict(cls=d[:, 0], conf=d[:, 1], bboxes=d[:, 2:]), dict(cls=t[:, 0], bboxes=t[:, 1:])
        cls = t[:, 0].numpy()
        metrics.update_stats(dict(**DetectionValidator._process_batch(judge, preds, batch), target_cls=cls, target_img=np.unique(cls),
                                  conf=d[:, 1].numpy(), pred_cls=d[:, 0].numpy(), im_name=str(image)))
    metrics.process()
    box = metrics.box
    ap = [None] * NC
    for row, c in zip(box.all_ap, box.ap_class_index):
        ap[int(c)] = [float(v) for v in row]
    return dict(precision=float(box.mp), recall=float(box.mr), map50=float(box.map50), map75=float(box.map75), map=float(box.map), fitness=float(metrics.fitness), ap=ap)


def main():
    import ultralytics as u
    for build in (crowded, empty, ties, crowd_flag):
        truth, found = build()
        number = lambda v: round(float(np.float32(v)), 3)             # exactly what both tools were given
        truth = [[t[0], t[1], *map(number, t[2:6]), t[6]] for t in truth]
        found = [[d[0], d[1], round(float(d[2]), 4), *map(number, d[3:])] for d in found]
        images = 1 + max(r[0] for r in truth + found)
        out = {"versions": VERSIONS | {"ultralytics": u.__version__}, "about": __doc__.strip().splitlines(), "set": build.__doc__, "classes": NC, "images": images,
               "pycocotools": coco(truth, found, images)}
        if build is not crowd_flag:
            out["ultralytics"] = ultralytics(truth, found, images)
            unstable, np.argsort = np.argsort, lambda a, _sort=np.argsort: _sort(a, kind="stable")
            out["ultralytics_stable"] = ultralytics(truth, found, images)
            np.argsort = unstable
            for tool in ("ultralytics", "ultralytics_stable"):
                print(build.__name__, tool, {k: round(v, 5) for k, v in out[tool].items() if k != "ap"})
        print(build.__name__, len(truth), len(found), {k: round(v, 5) for k, v in out["pycocotools"].items() if k in ("map", "map50", "map75")})
        path = FOLDER / f"map/{build.__name__}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dumps(out | {"truth": truth, "detections": found}) + "\n")


if __name__ == "__main__":
    main()
