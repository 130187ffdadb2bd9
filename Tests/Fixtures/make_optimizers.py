#!/usr/bin/env python3
"""optimizers.safetensors / optimizers.json: 20-step parameter trajectories, clipping, EMA and learning-rate schedules.

The gradients are given (they do not depend on the parameters): init/NAME and grad/NAME [20, ...] for the
parameters w (4x5), v (6x3) and b (7).  CASE/NAME [20, ...] is the parameter after each step in float32 and
CASE/NAME/64 the same in float64.  Matrix-only optimizers (Muon) leave b out.
lr/SCHEDULE is the learning rate used at step 0, 1, 2 ... (float64; the scheduler is stepped after the optimizer).
"""
import math, warnings
import torch
from torch.optim import lr_scheduler as S
from fixture_files import save, seed

STEPS, SHAPES = 20, {"w": (4, 5), "v": (6, 3), "b": (7,)}
CONFIGS = {
    "sgd": ("SGD", dict(lr=0.1)),
    "sgd_momentum": ("SGD", dict(lr=0.1, momentum=0.9)),
    "sgd_dampening": ("SGD", dict(lr=0.1, momentum=0.9, dampening=0.5)),
    "sgd_nesterov_wd": ("SGD", dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05)),
    "sgd_maximize": ("SGD", dict(lr=0.1, momentum=0.9, maximize=True)),
    "adam": ("Adam", dict(lr=0.01)),
    "adam_wd_amsgrad": ("Adam", dict(lr=0.01, betas=(0.8, 0.95), weight_decay=0.05, amsgrad=True)),
    "adamw": ("AdamW", dict(lr=0.01, weight_decay=0.1)),
    "adamw_betas_eps": ("AdamW", dict(lr=0.02, betas=(0.9, 0.95), eps=1e-6, weight_decay=0.01)),
    "adamax": ("Adamax", dict(lr=0.01, weight_decay=0.05)),
    "rmsprop": ("RMSprop", dict(lr=0.01)),
    "rmsprop_centered_momentum_wd": ("RMSprop", dict(lr=0.01, alpha=0.9, centered=True, momentum=0.9, weight_decay=0.05)),
    "adagrad": ("Adagrad", dict(lr=0.05, lr_decay=0.01, weight_decay=0.05, initial_accumulator_value=0.1)),
    "adadelta": ("Adadelta", dict(lr=1.0, rho=0.9, weight_decay=0.05)),
    "nadam": ("NAdam", dict(lr=0.01, weight_decay=0.05, momentum_decay=4e-3)),
    "nadam_decoupled": ("NAdam", dict(lr=0.01, weight_decay=0.05, decoupled_weight_decay=True)),
    "radam": ("RAdam", dict(lr=0.01, weight_decay=0.05)),
    "radam_decoupled": ("RAdam", dict(lr=0.01, weight_decay=0.05, decoupled_weight_decay=True)),
    "muon": ("Muon", dict(lr=0.02, momentum=0.95, nesterov=True, weight_decay=0.1)),
    "muon_plain_match_rms": ("Muon", dict(lr=0.02, momentum=0.9, nesterov=False, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")),
}


def newton_schulz(g, coefficients, steps, eps):
    """Muon's orthogonalisation without the round trip through bfloat16 that torch.optim.Muon makes."""
    a, b, c = coefficients
    x = g.T if g.shape[0] > g.shape[1] else g.clone()
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if g.shape[0] > g.shape[1] else x


def trajectory(make, init, grads, dtype):
    params = {k: init[k].to(dtype, copy=True).requires_grad_() for k in grads}
    opt, track = make(list(params.values())), {k: [] for k in params}
    for t in range(STEPS):
        for k, p in params.items():
            p.grad = grads[k][t].to(dtype)
        opt.step()
        for k, p in params.items():
            track[k].append(p.detach().clone())
    return {k: torch.stack(v) for k, v in track.items()}


def musgd(params):
    from ultralytics.optim.muon import MuSGD
    matrices, rest = [p for p in params if p.ndim > 1], [p for p in params if p.ndim == 1]
    common = dict(lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)
    return MuSGD([dict(params=matrices, use_muon=True, **common), dict(params=rest, use_muon=False, **{**common, "weight_decay": 0.0})], muon=0.2, sgd=1.0)


def schedules():
    """name -> (description, rates).  Base rate 0.1 everywhere."""
    def trace(make, n=40, metric=None, momentum=False):
        opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
        sched, rates, momenta = make(opt), [], []
        for t in range(n):
            rates.append(opt.param_groups[0]["lr"])
            momenta.append(opt.param_groups[0]["momentum"])
            opt.step()
            sched.step(*([metric[t]] if metric else []))
        return (rates, momenta) if momentum else rates
    plateau = [1.0, 0.9, 0.8, 0.8, 0.8, 0.81, 0.7, 0.7, 0.71, 0.7, 0.7, 0.7, 0.69995, 0.7, 0.7, 0.7, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    one_cycle = dict(max_lr=0.5, total_steps=40, pct_start=0.3, div_factor=25.0, final_div_factor=1e4)
    cyc = lambda o: S.OneCycleLR(o, **one_cycle, anneal_strategy="cos")
    out = {
        "constant": ("ConstantLR(factor=0.3, total_iters=5)", trace(lambda o: S.ConstantLR(o, 0.3, 5))),
        "step": ("StepLR(step_size=7, gamma=0.5)", trace(lambda o: S.StepLR(o, 7, 0.5))),
        "multistep": ("MultiStepLR(milestones=[5, 12, 12, 30], gamma=0.3)", trace(lambda o: S.MultiStepLR(o, [5, 12, 12, 30], 0.3))),
        "exponential": ("ExponentialLR(gamma=0.93)", trace(lambda o: S.ExponentialLR(o, 0.93))),
        "cosine": ("CosineAnnealingLR(T_max=40, eta_min=0.001)", trace(lambda o: S.CosineAnnealingLR(o, 40, 0.001))),
        "cosine_past_end": ("CosineAnnealingLR(T_max=15, eta_min=0) run for 40 steps: it rises again", trace(lambda o: S.CosineAnnealingLR(o, 15))),
        "cosine_warm_restarts": ("CosineAnnealingWarmRestarts(T_0=6, T_mult=2, eta_min=0.001)", trace(lambda o: S.CosineAnnealingWarmRestarts(o, 6, 2, 0.001))),
        "linear_warmup": ("LinearLR(start_factor=0.1, end_factor=1, total_iters=10)", trace(lambda o: S.LinearLR(o, 0.1, 1.0, 10))),
        "polynomial": ("PolynomialLR(total_iters=30, power=2)", trace(lambda o: S.PolynomialLR(o, 30, 2.0))),
        "warmup_then_cosine": ("SequentialLR([LinearLR(0.01, 1, 8), CosineAnnealingLR(32, 0.001)], milestones=[8])",
                               trace(lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.01, 1.0, 8), S.CosineAnnealingLR(o, 32, 0.001)], [8]))),
        "one_cycle": ("OneCycleLR(max_lr=0.5, total_steps=40, pct_start=0.3, div_factor=25, final_div_factor=1e4, anneal='cos', cycle_momentum 0.85..0.95)", trace(cyc, 39)),
        "one_cycle_momentum": ("momentum of one_cycle", trace(cyc, 39, momentum=True)[1]),
        "one_cycle_linear": ("the same with anneal='linear'", trace(lambda o: S.OneCycleLR(o, **one_cycle, anneal_strategy="linear"), 39)),
        "one_cycle_three_phase": ("the same, cos, three_phase=True", trace(lambda o: S.OneCycleLR(o, **one_cycle, three_phase=True), 39)),
        "cyclic_triangular2": ("CyclicLR(base_lr=0.01, max_lr=0.2, step_size_up=4, step_size_down=6, mode='triangular2')",
                               trace(lambda o: S.CyclicLR(o, 0.01, 0.2, 4, 6, mode="triangular2"))),
        "plateau": ("ReduceLROnPlateau(factor=0.5, patience=2, threshold=1e-3 rel, cooldown=1, min_lr=0.004) fed plateau_metric",
                    trace(lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=2, threshold=1e-3, cooldown=1, min_lr=0.004), len(plateau), plateau)),
        "plateau_metric": ("input of plateau, one value after each step", plateau),
    }
    from transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup
    out["hf_linear"] = ("transformers.get_linear_schedule_with_warmup(5, 40)", trace(lambda o: get_linear_schedule_with_warmup(o, 5, 40)))
    out["hf_cosine"] = ("transformers.get_cosine_schedule_with_warmup(5, 40)", trace(lambda o: get_cosine_schedule_with_warmup(o, 5, 40)))
    out["yolo_linear"] = ("Ultralytics linear epochs: 0.1 * (max(1 - e/30, 0) * (1 - 0.01) + 0.01)", [0.1 * (max(1 - e / 30, 0) * 0.99 + 0.01) for e in range(31)])
    out["yolo_cosine"] = ("Ultralytics one_cycle(1, 0.01, 30): 0.1 * (max((1 - cos(e*pi/30)) / 2, 0) * (0.01 - 1) + 1)",
                          [0.1 * (max((1 - math.cos(e * math.pi / 30)) / 2, 0) * (0.01 - 1) + 1) for e in range(31)])
    return out


def main():
    warnings.simplefilter("ignore")
    seed(1)
    init = {k: torch.randn(s) for k, s in SHAPES.items()}
    grads = {k: torch.randn(STEPS, *s) * torch.logspace(0, -2, STEPS).view(-1, *[1] * len(s)) for k, s in SHAPES.items()}
    tensors = {f"init/{k}": v for k, v in init.items()} | {f"grad/{k}": v for k, v in grads.items()}
    cases = {}

    def add(name, make, about, keys=SHAPES):
        cases[name] = dict(about, params=list(keys))
        for dtype, tag in ((torch.float32, ""), (torch.float64, "/64")):
            for k, v in trajectory(make, init, {k: grads[k] for k in keys}, dtype).items():
                tensors[f"{name}/{k}{tag}"] = v
    for name, (kind, options) in CONFIGS.items():
        add(name, lambda p: getattr(torch.optim, kind)(p, **options), dict(optimizer=kind, options=options), ["w", "v"] if kind == "Muon" else SHAPES)
    import torch.optim._muon as muon
    original, muon._zeropower_via_newtonschulz = muon._zeropower_via_newtonschulz, newton_schulz
    add("muon_full_precision", lambda p: torch.optim.Muon(p, **CONFIGS["muon"][1]),
        dict(optimizer="Muon", options=CONFIGS["muon"][1], note="Newton-Schulz in the parameter's own precision"), ["w", "v"])
    muon._zeropower_via_newtonschulz = original
    add("musgd_ultralytics", musgd, dict(optimizer="MuSGD", options=dict(
        w_and_v="use_muon lr=0.01 momentum=0.9 nesterov weight_decay=5e-4", b="SGD part only, weight_decay=0", muon=0.2, sgd=1.0)))

    params = [grads[k][0].clone().requires_grad_() for k in SHAPES]
    for norm in (2.0, 1.0, float("inf")):
        for p, k in zip(params, SHAPES):
            p.grad = grads[k][0].clone()
        total = torch.nn.utils.clip_grad_norm_(params, 1.5, norm_type=norm)
        tensors[f"clip_norm_{norm}/total"] = total
        tensors |= {f"clip_norm_{norm}/{k}": p.grad for p, k in zip(params, SHAPES)}
    decay, ema = [0.9 * (1 - math.exp(-(t + 1) / 5)) for t in range(STEPS)], init["w"].clone()
    track = []
    for t, d in enumerate(decay):
        ema = ema * d + (1 - d) * tensors["sgd/w"][t]
        track.append(ema)
    tensors["ema/w"] = torch.stack(track)

    rates = schedules()
    tensors |= {f"lr/{k}": torch.tensor(v, dtype=torch.float64) for k, (_, v) in rates.items()}
    save("optimizers", tensors, {"about": __doc__.strip().splitlines(), "cases": cases, "schedules": {k: a for k, (a, _) in rates.items()}, "notes": {
        "muon": "torch.optim.Muon (and MuSGD) run Newton-Schulz in bfloat16 even for float64 parameters: compare at about 1e-2 * lr per step, or compare muon_full_precision tightly",
        "clip_norm": "clip_grad_norm_(max_norm=1.5) over w, v, b with gradients grad/*[0]; coefficient is min(1, max_norm / (total + 1e-6))",
        "ema": "e = d*e + (1-d)*p after every step of case sgd, d_t = 0.9 * (1 - exp(-(t+1)/5)) as in Ultralytics' ModelEMA",
        "weight_decay": "L2 added to the gradient except AdamW, Muon, *_decoupled (multiplied into the parameter by 1 - lr*wd before the update)"}})


if __name__ == "__main__":
    main()
