#!/usr/bin/env python3
"""models/vit-tiny: a tiny image classifier of Transformers, with inputs, logits, loss and the norm of every gradient in case.*, and
an image with what its processor makes of it; and in sizes.* logits
for images of other sizes.

Needs transformers 5.24 and torchvision; run with PyTorch 2.13.
"""
import re

import torch
import transformers
from fixture_files import FOLDER, save, seed, sequence

NAMES = [(r"vit\.layers\.", "vit.encoder.layer."), (r"attention\.([qkv])_proj", lambda m: "attention.attention." + dict(q="query", k="key", v="value")[m[1]]),
         (r"attention\.o_proj", "attention.output.dense"), (r"mlp\.fc1", "intermediate.dense"), (r"mlp\.fc2", "output.dense")]


def file_name(name):
    for old, new in NAMES:
        name = re.sub(old, new, name)
    return name


def main():
    seed(3)
    config = transformers.ViTConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, image_size=16, patch_size=4,
                                    id2label={0: "cat", 1: "dog", 2: "bird", 3: "fish", 4: "ant"}, label2id={})
    config._attn_implementation = "eager"
    model = transformers.ViTForImageClassification(config).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.normal_(std=0.1 if "bias" in name else 0.3).add_(1 if "layernorm" in name and "weight" in name else 0)
    folder = FOLDER / "models/vit-tiny"
    model.save_pretrained(folder)
    processor = transformers.ViTImageProcessor(size=dict(height=16, width=16), image_mean=[0.5, 0.4, 0.3], image_std=[0.5, 0.25, 0.2])
    processor.save_pretrained(folder)
    pixels = torch.randn(3, 3, 16, 16)
    labels = torch.tensor([1, 4, 0])
    out = model(pixel_values=pixels, labels=labels)
    out.loss.backward()
    image = (sequence(1, 3 * 37 * 50, 256, 5)[0].view(3, 37, 50)).to(torch.uint8)
    prepared = processor(image, return_tensors="pt")["pixel_values"]
    save("models/vit-tiny/case", dict(pixel_values=pixels, logits=out.logits, image=image, prepared=prepared),
         dict(about=__doc__.strip().splitlines(), transformers=transformers.__version__, labels=labels.tolist(), loss=out.loss.item(),
              grad_norm={file_name(k): p.grad.norm().item() for k, p in model.named_parameters() if p.grad is not None}))
    sizes = {}
    for side in [8, 24, 40]:
        sizes[f"pixels.{side}"] = torch.randn(2, 3, side, side)
        with torch.no_grad():
            sizes[f"logits.{side}"] = model(pixel_values=sizes[f"pixels.{side}"], interpolate_pos_encoding=True).logits
    save("models/vit-tiny/sizes", sizes, dict(about="logits for images of other sizes", transformers=transformers.__version__))


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    main()
