#!/usr/bin/env python3
"""preferences.json: direct preference optimization (Rafailov et al., 2023, equation 7) of models/llama-tiny on four pairs, of which
the one that a training with seed 0 holds out is named: losses, rewards, and the norms of the gradients of the other three.

The reference is the same model with all weights times 0.9.  Tokens are characters in their order in Unicode; texts are in the
template `plain`, whose answers are learned with the line that ends them.  Run with PyTorch 2.13 and transformers 5.24.
"""
import copy
import json

import torch
import torch.nn.functional as F
import transformers
from fixture_files import FOLDER, VERSIONS, dumps

CHARACTERS = sorted("abcdefghijklmnopqrstuvwxyz UA:-\n")
PAIRS = [
    ("what is red", "the apple", "no idea"),
    ("what is yellow", "a lemon is", "the apple is"),
    ("and green", "pear", "apples and pears are"),
    ("what is blue", "the sky", "the sea"),
]
HELD_OUT = 3
BETA = 0.3


def encode(prompt, answer):
    opening, closed = f"User:\n{prompt}\n---\nAssistant:\n", f"{answer}\n---\n"
    ids = [CHARACTERS.index(c) for c in opening + closed]
    return torch.tensor([ids]), len(opening)


def log_probability(model, prompt, answer):
    ids, start = encode(prompt, answer)
    logs = model(ids).logits[0, :-1].log_softmax(-1)
    return logs.gather(1, ids[0, 1:, None])[start - 1:, 0].sum()


def main():
    model = transformers.LlamaForCausalLM.from_pretrained(FOLDER / "models/llama-tiny", attn_implementation="eager").eval().double()
    reference = copy.deepcopy(model)
    with torch.no_grad():
        for p in reference.parameters():
            p *= 0.9
    result = dict(about=__doc__.strip().splitlines(), versions=VERSIONS, characters="".join(CHARACTERS), beta=BETA, held_out=HELD_OUT,
                  pairs=[dict(prompt=p, chosen=c, rejected=r) for p, c, r in PAIRS], cases=[])
    for smoothing in (0.0, 0.2):
        losses, rewards = [], []
        for prompt, *answers in PAIRS:
            with torch.no_grad():
                known = [log_probability(reference, prompt, a) for a in answers]
            chosen, rejected = (BETA * (log_probability(model, prompt, a) - k) for a, k in zip(answers, known))
            d = chosen - rejected
            losses.append(-(1 - smoothing) * F.logsigmoid(d) - smoothing * F.logsigmoid(-d))
            rewards.append([chosen.item(), rejected.item()])
        model.zero_grad()
        torch.stack([l for i, l in enumerate(losses) if i != HELD_OUT]).mean().backward()
        result["cases"].append(dict(label_smoothing=smoothing, losses=[l.item() for l in losses], rewards=rewards,
                                    grad_norm={k: p.grad.norm().item() for k, p in model.named_parameters()}))
    (FOLDER / "preferences.json").write_text(dumps(result) + "\n")
    print(json.dumps([c["losses"] for c in result["cases"]]), result["cases"][0]["rewards"])


if __name__ == "__main__":
    main()
