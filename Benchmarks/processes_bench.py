#!/usr/bin/env python3
"""What training in slots and processes costs: a step of ResNet-18 on 64 images of 32x32 pixels, here and in PyTorch.

  processes_bench.py [--bench PROGRAM] [--mpirun COMMAND] [--rounds N] [--steps N]     prints a table
  processes_bench.py ddp --threads T [--steps N]              PyTorch's part, in each process that mpirun started; one line of JSON

PROGRAM is switchback-bench; the release build by default. The steps of a round are timed one after the other, on a machine that does
nothing else; of each the median of the fastest round counts.
"""
import argparse, json, os, shlex, statistics, subprocess, sys, time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def ddp(threads, steps):
    import torch
    import torch.distributed as dist
    import torch.nn.functional as F
    from torch_bench import resnet

    rank = int(os.environ.get("OMPI_COMM_WORLD_RANK", os.environ.get("PMI_RANK", 0)))
    size = int(os.environ.get("OMPI_COMM_WORLD_SIZE", os.environ.get("PMI_SIZE", 1)))
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = resnet([2, 2, 2, 2], 10, bottleneck=False, cifar=True).to(memory_format=torch.channels_last)
    if size > 1:
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        os.environ.setdefault("MASTER_PORT", "29511")
        dist.init_process_group("gloo", rank=rank, world_size=size)
        model = torch.nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    images = torch.randn(64 // size, 3, 32, 32).to(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (64 // size,))
    times = []
    for step in range(steps + 2):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        if step >= 2:
            times.append((time.perf_counter() - start) * 1e3)
    if rank == 0:
        print(json.dumps({"processes": size, "threads": threads, "median_ms": round(statistics.median(times), 3)}))
    if size > 1:
        dist.destroy_process_group()


def measured(options):
    """The milliseconds of each step, by name."""
    ours = [options.bench, "processes", "--steps", str(options.steps)]
    torch = [sys.executable, __file__, "ddp", "--steps", str(options.steps)]
    two = [*shlex.split(options.mpirun), "-np", "2"]
    commands = {
        "plain": [*ours, "--threads", "2"],
        "slots 1": [*ours, "--threads", "2", "--slots", "1"],
        "accumulate 4": [*ours, "--threads", "2", "--accumulate", "4"],
        "slots 4": [*ours, "--threads", "2", "--slots", "4"],
        "slots 4, sync": [*ours, "--threads", "2", "--slots", "4", "--sync-batch-norm"],
        "2 processes": [*two, *ours, "--threads", "1"],
        "2 processes, sync": [*two, *ours, "--threads", "1", "--sync-batch-norm"],
        "2 apart": [*two, *ours, "--threads", "1", "--apart"],
        "2 sums": [*two, *ours, "--threads", "1", "--only-sum"],
        "2 apart sums": [*two, *ours, "--threads", "1", "--only-sum", "--apart"],
        "torch": [*torch, "--threads", "2"],
        "torch, 2 processes": [*two, *torch, "--threads", "1"],
    }
    times = {}
    for _ in range(options.rounds):
        for name, command in commands.items():
            run = subprocess.run(command, capture_output=True, text=True, timeout=300)
            if run.returncode:
                sys.exit(f"{shlex.join(command)}:\n{run.stderr}")
            found = json.loads(run.stdout.strip().splitlines()[-1])["median_ms"]
            times[name] = min(found, times.get(name, found))
            print(f"{name}: {found} ms", file=sys.stderr)
    return times


def table(t):
    rows = [
        ("a step, not cut", f"{t['plain']:.1f} ms", ""),
        ("`--slots 1`", f"{t['slots 1']:.1f} ms", f"{t['slots 1'] / t['plain']:.3f} of that"),
        ("`--slots 4`", f"{t['slots 4']:.1f} ms", f"{t['slots 4'] / t['accumulate 4']:.3f} of accumulating 4 batches"),
        ("`--slots 4 --sync-batch-norm`", f"{t['slots 4, sync']:.1f} ms", f"{t['slots 4, sync'] / t['slots 4']:.3f} of that"),
        ("2 processes of 1 thread", f"{t['2 processes']:.1f} ms",
         f"{t['plain'] / t['2 processes']:.3f} of the speed of 1 process of 2 threads"),
        ("the same with `--sync-batch-norm`", f"{t['2 processes, sync']:.1f} ms", f"{t['2 processes, sync'] / t['2 processes']:.3f} of that"),
        ("PyTorch's DDP, gloo, 2 processes of 1 thread", f"{t['torch, 2 processes']:.1f} ms",
         f"{t['torch'] / t['torch, 2 processes']:.3f} of the speed of 1 process of 2 threads"),
    ]
    alone, added = t["2 sums"] - t["2 apart sums"], t["2 processes"] - t["2 apart"]
    rows.append(("the sum by itself", f"{alone:.1f} ms", f"a step with it takes {added:.1f} ms longer than one without"))
    print("| step | time | |\n| --- | --: | --- |")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["ddp"])
    parser.add_argument("--bench", default=str(HERE.parent / ".build/release/switchback-bench"))
    parser.add_argument("--mpirun", default="mpirun")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.what == "ddp":
        ddp(options.threads, options.steps)
    else:
        table(measured(options))


main()
