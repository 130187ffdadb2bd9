#!/usr/bin/env python3
"""What people deploy on a processor, on the work of torch_bench.py: ONNX Runtime, OpenVINO and CTranslate2.

  deploy_bench.py list                                        the workloads, each with the variants that are installed
  deploy_bench.py run WORKLOAD --impl IMPL [--seconds S] [--steps N] [--warmup S]     one JSON line

Networks are those of torch_bench.py, exported to ONNX once and kept in the temporary folder; GPT-2 is converted likewise.

IMPL is one of
  onnxruntime        float32                       ctranslate2        float32
  openvino-f32       float32                       ctranslate2-bf16   bfloat16
  openvino-bf16      OpenVINO's own choice: bfloat16 where the processor has it
  openvino-int8      8 bits, by NNCF after training ctranslate2-int8   weights of 8 bits
Threads: OMP_NUM_THREADS, or every processor.
"""
import argparse, importlib.util, json, os, subprocess, sys, tempfile
from timing import cpu_load, measure, rss_mb, summarize

IMAGES = {"yolo11n_infer_640_b1": 640, "yolo26n_infer_640_b1": 640, "resnet50_infer_224_b1": 224}
DECODING = "gpt2_124m_decode"
# The packages that a variant needs, those to export or convert with among them.
EXPORTING = ["onnx", "torch"]
VARIANTS = {
    "onnxruntime": EXPORTING + ["onnxruntime"],
    "openvino-f32": EXPORTING + ["openvino"],
    "openvino-bf16": EXPORTING + ["openvino"],
    "openvino-int8": EXPORTING + ["openvino", "nncf"],
}
DECODERS = {f"ctranslate2{kind}": ["ctranslate2", "transformers", "tokenizers", "torch"] for kind in ("", "-bf16", "-int8")}


def threads():
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count())


def installed(packages):
    return all(importlib.util.find_spec(name) for name in packages)


def list_workloads():
    for name, side in IMAGES.items():
        needed = ["ultralytics"] if "yolo" in name else []
        print(name, *[v for v, packages in VARIANTS.items() if installed(packages + needed)])
    print(DECODING, *[v for v, packages in DECODERS.items() if installed(packages)])


# ---------------------------------------------------------------- files, made in a process of their own

def kept(name):
    return os.path.join(tempfile.gettempdir(), "deploy-bench-" + name)


def made(name, path):
    """`path`, made where it does not exist: not in this process, whose memory is measured."""
    if not os.path.exists(path):
        subprocess.run([sys.executable, __file__, "make", name], check=True, stdout=sys.stderr)
    return path


def export(name):
    import torch
    import torch_bench
    torch.manual_seed(0)
    side = IMAGES[name]
    if name.startswith("yolo"):
        variant = name.split("_")[0]
        model = torch_bench.yolo(variant).eval()
        model.end2end = "26" in variant
        model.fuse(verbose=False)
        for module in model.modules():
            if hasattr(module, "export"):
                module.export, module.format = True, "onnx"
    else:
        model = torch_bench.fold_bn(torch_bench.resnet([3, 4, 6, 3], 1000, True, False).eval())
    path = kept(name + ".onnx")
    torch.onnx.export(model, torch.rand(1, 3, side, side), path + ".part", opset_version=17, dynamo=False,
                      input_names=["images"], output_names=["out"])
    os.replace(path + ".part", path)


def convert(path):
    import ctranslate2, torch, transformers
    from tokenizers import Tokenizer, models
    source, end = path + "-source", "<|endoftext|>"
    torch.manual_seed(0)
    transformers.GPT2LMHeadModel(transformers.GPT2Config()).save_pretrained(source)
    words = Tokenizer(models.WordLevel({f"t{i}": i for i in range(50256)} | {end: 50256}, unk_token=end))
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, bos_token=end, eos_token=end, unk_token=end).save_pretrained(source)
    ctranslate2.converters.TransformersConverter(source).convert(path, force=True)


# ---------------------------------------------------------------- steps

def image_step(name, impl):
    import numpy as np
    path, side = made(name, kept(name + ".onnx")), IMAGES[name]
    x = np.random.default_rng(0).random((1, 3, side, side), dtype=np.float32)
    if impl == "onnxruntime":
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads()
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, {session.get_inputs()[0].name: x})
    import openvino
    model, config = openvino.Core().read_model(path), {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads()}
    if impl == "openvino-f32":
        config["INFERENCE_PRECISION_HINT"] = "f32"
    if impl == "openvino-int8":
        import nncf
        nncf.set_log_level("ERROR")
        model = nncf.quantize(model, nncf.Dataset([x] * 4), subset_size=4)
    request = openvino.Core().compile_model(model, "CPU", config).create_infer_request()
    return lambda: request.infer({0: x})


def decoding_step(impl):
    """The 64 single tokens after a prompt of 64: what 65 tokens take longer than 1."""
    import ctranslate2
    kind = {"": "float32", "bf16": "bfloat16", "int8": "int8"}[impl.partition("-")[2]]
    path = made(DECODING, kept("gpt2"))
    model = ctranslate2.Generator(path, device="cpu", compute_type=kind, intra_threads=threads(), inter_threads=1)
    prompt = [f"t{i * 7}" for i in range(64)]
    return lambda count: model.generate_batch([prompt], max_length=count, min_length=count, sampling_topk=1,
                                              include_prompt_in_result=False, end_token=[])


def times_of(args):
    if args.workload != DECODING:
        return measure(image_step(args.workload, args.impl), args.seconds, args.steps, args.warmup)
    generate = decoding_step(args.impl)
    first, many = measure(lambda: generate(65), args.seconds, args.steps, args.warmup)
    prompts = sorted(measure(lambda: generate(1), args.seconds / 4, args.steps, 0)[1])
    return first, [time - prompts[len(prompts) // 2] for time in many]


def run(args):
    with cpu_load() as load:
        first, times = times_of(args)
    print(json.dumps(dict(workload=args.workload, impl=args.impl, **summarize(times), peak_rss_mb=rss_mb(), threads=threads(),
                          first_step_s=round(first, 2), **load)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    commands.add_parser("make").add_argument("workload")
    running = commands.add_parser("run")
    running.add_argument("workload", choices=[*IMAGES, DECODING])
    running.add_argument("--impl", required=True, choices=[*VARIANTS, *DECODERS])
    running.add_argument("--seconds", type=float, default=12)
    running.add_argument("--steps", type=int, default=1000)
    running.add_argument("--warmup", type=float, default=2)
    args = parser.parse_args()
    if args.command == "list":
        list_workloads()
    elif args.command == "make":
        convert(kept("gpt2")) if args.workload == DECODING else export(args.workload)
    else:
        run(args)


if __name__ == "__main__":
    main()
