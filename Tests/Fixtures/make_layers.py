#!/usr/bin/env python3
"""layers.safetensors / layers.json: what PyTorch's layers and losses compute, for the tests of the layers.

Needs PyTorch and safetensors; run it in this folder. For each case the manifest has the layer and its options; the
tensors are CASE/in/I (inputs; CASE/in/NAME for named ones), CASE/state/NAME (the state dictionary before),
CASE/out/I, CASE/gout/I (the gradient that flows into each output), CASE/gin/I, CASE/gstate/NAME (gradients of
parameters), and CASE/after/NAME (buffers after the forward pass).
"""
import json

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, rnn

tensors, cases = {}, {}


def case(name, module, *inputs, train=True, call=None, **named):
    """Runs a module on inputs, and records everything."""
    state = {k: torch.randn_like(v) * 0.5 if v.is_floating_point() else v for k, v in module.state_dict().items()}
    state = {k: v.abs() + 0.5 if k.endswith("running_var") else v for k, v in state.items()}
    module.load_state_dict(state)
    module.train(train)
    tensors.update({f"{name}/state/{k}": v.clone() for k, v in module.state_dict().items()})
    inputs = [x.requires_grad_() if x.is_floating_point() else x for x in inputs]
    outputs = (call or (lambda *x: module(*x, **named)))(*inputs)
    outputs = flat(outputs)
    upstream = [torch.randn_like(y) for y in outputs]
    torch.autograd.backward(outputs, upstream)
    for role, values in ("in", inputs), ("out", outputs), ("gout", upstream):
        tensors.update({f"{name}/{role}/{i}": v.detach().clone() for i, v in enumerate(values)})
    tensors.update({f"{name}/in/{k}": v.clone() for k, v in named.items() if isinstance(v, torch.Tensor)})
    tensors.update({f"{name}/gin/{i}": x.grad for i, x in enumerate(inputs) if x.grad is not None})
    tensors.update({f"{name}/gstate/{k}": p.grad for k, p in module.named_parameters() if p.grad is not None})
    tensors.update({f"{name}/after/{k}": b.clone() for k, b in module.named_buffers()})
    cases[name] = {"layer": repr(module), "names": list(module.state_dict()), "train": train}


def flat(outputs):
    """Outputs of a recurrent layer, (y, (h, c)), as a list."""
    if isinstance(outputs, torch.Tensor):
        return [outputs]
    return [y for part in outputs if part is not None for y in flat(part)]


def loss(name, function, *inputs, **options):
    """A loss of inputs, of which the floating-point ones that require a gradient get one."""
    value = function(*inputs, **options)
    value.sum().backward()
    tensors.update({f"{name}/in/{i}": x.detach().clone() for i, x in enumerate(inputs)})
    tensors.update({f"{name}/in/{k}": v for k, v in options.items() if isinstance(v, torch.Tensor)})
    tensors[f"{name}/out/0"] = value.detach()
    tensors.update({f"{name}/gin/{i}": x.grad for i, x in enumerate(inputs) if x.grad is not None})
    cases[name] = {"loss": name, "options": {k: v for k, v in options.items() if not isinstance(v, torch.Tensor)}}


def leaf(*shape):
    return torch.randn(shape, requires_grad=True)


def layers():
    case("linear", nn.Linear(5, 3), torch.randn(4, 5))
    case("linear_no_bias", nn.Linear(5, 3, bias=False), torch.randn(2, 3, 5))
    case("bilinear", nn.Bilinear(3, 4, 2), torch.randn(5, 3), torch.randn(5, 4))
    case("conv1d", nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), torch.randn(2, 4, 9))
    case("conv2d", nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 0)), torch.randn(2, 3, 6, 5))
    case("conv2d_same", nn.Conv2d(2, 3, 3, padding="same", padding_mode="reflect"), torch.randn(1, 2, 5, 5))
    case("conv2d_depthwise", nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=4, bias=False), torch.randn(2, 4, 6, 6))
    case("conv3d", nn.Conv3d(2, 3, 2, stride=1, padding=1), torch.randn(1, 2, 3, 4, 3))
    case("conv_transpose1d", nn.ConvTranspose1d(3, 2, 3, stride=2, output_padding=1), torch.randn(2, 3, 4))
    case("conv_transpose2d", nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, groups=2), torch.randn(1, 4, 4, 3))
    case("max_pool2d", nn.MaxPool2d(3, stride=2, padding=1), torch.randn(2, 3, 7, 6))
    case("avg_pool2d", nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False), torch.randn(1, 2, 5, 5))
    case("max_pool1d", nn.MaxPool1d(2), torch.randn(2, 3, 7))
    case("avg_pool1d", nn.AvgPool1d(3, stride=1, padding=1), torch.randn(2, 3, 7))
    case("adaptive_avg_pool1d", nn.AdaptiveAvgPool1d(3), torch.randn(2, 3, 7))
    case("adaptive_avg_pool2d", nn.AdaptiveAvgPool2d((3, 2)), torch.randn(2, 3, 7, 5))
    case("adaptive_max_pool2d", nn.AdaptiveMaxPool2d(2), torch.randn(2, 3, 5, 4))
    case("batch_norm1d", nn.BatchNorm1d(3, momentum=0.2), torch.randn(6, 3))
    case("batch_norm1d_sequence", nn.BatchNorm1d(3, momentum=None), torch.randn(4, 3, 5))
    case("batch_norm2d", nn.BatchNorm2d(3, eps=1e-3, momentum=0.03), torch.randn(2, 3, 4, 4))
    case("batch_norm2d_eval", nn.BatchNorm2d(3), torch.randn(2, 3, 4, 4), train=False)
    case("layer_norm", nn.LayerNorm([3, 5]), torch.randn(2, 3, 5))
    case("rms_norm", nn.RMSNorm(6, eps=1e-6), torch.randn(2, 3, 6))
    case("group_norm", nn.GroupNorm(2, 4), torch.randn(2, 4, 3, 3))
    case("instance_norm2d", nn.InstanceNorm2d(3, affine=True), torch.randn(2, 3, 4, 4))
    case("local_response_norm", nn.LocalResponseNorm(3, alpha=0.1), torch.randn(2, 5, 3, 3))
    case("embedding", nn.Embedding(7, 4, padding_idx=2), torch.tensor([[1, 2, 6], [0, 1, 1]]))
    case("prelu", nn.PReLU(3), torch.randn(2, 3, 4))
    case("glu", nn.GLU(), torch.randn(2, 6))
    case("gelu_tanh", nn.GELU(approximate="tanh"), torch.randn(3, 4))
    case("pixel_shuffle", nn.PixelShuffle(2), torch.randn(1, 8, 3, 2))
    case("upsample_nearest", nn.Upsample(scale_factor=2), torch.randn(1, 2, 3, 4))
    case("upsample_bilinear", nn.Upsample(size=(5, 7), mode="bilinear"), torch.randn(1, 2, 3, 4))
    case("sequential", nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2), nn.LogSoftmax(-1)),
         torch.randn(3, 2, 3))


def recurrent():
    case("rnn", nn.RNN(3, 4), torch.randn(5, 2, 3))
    case("rnn_relu", nn.RNN(3, 4, nonlinearity="relu", bias=False), torch.randn(5, 2, 3))
    case("lstm", nn.LSTM(3, 4), torch.randn(5, 2, 3))
    case("lstm_deep", nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True), torch.randn(2, 5, 3))
    case("gru", nn.GRU(3, 4), torch.randn(5, 2, 3))
    case("gru_deep", nn.GRU(3, 4, num_layers=2, bidirectional=True, batch_first=True), torch.randn(2, 5, 3))
    lstm = nn.LSTM(3, 4)
    case("lstm_from_state", lstm, torch.randn(5, 2, 3), torch.randn(1, 2, 4), torch.randn(1, 2, 4),
         call=lambda x, h, c: lstm(x, (h, c)))
    case("gru_from_state", nn.GRU(3, 4), torch.randn(5, 2, 3), torch.randn(1, 2, 4))


def of_lengths():
    """Recurrent layers on sequences of different lengths, padded."""
    lengths = torch.tensor([3, 5, 1, 3])

    def packed(layer, batch_first):
        def call(x, *state):
            x = rnn.pack_padded_sequence(x, lengths, batch_first=batch_first, enforce_sorted=False)
            y, last = layer(x, *([state] if len(state) > 1 else state))
            return rnn.pad_packed_sequence(y, batch_first=batch_first, total_length=6)[0], last
        return call
    lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
    case("lstm_lengths", lstm, torch.randn(4, 6, 3), torch.randn(4, 4, 4), torch.randn(4, 4, 4), call=packed(lstm, True))
    gru = nn.GRU(3, 4, bidirectional=True)
    case("gru_lengths", gru, torch.randn(6, 4, 3), call=packed(gru, False))
    plain = nn.RNN(3, 4)
    case("rnn_lengths", plain, torch.randn(6, 4, 3), call=packed(plain, False))


def parametrized():
    case("weight_norm", parametrizations.weight_norm(nn.Linear(5, 3)), torch.randn(4, 5))
    case("weight_norm_all", parametrizations.weight_norm(nn.Conv2d(2, 3, 3, bias=False), dim=None), torch.randn(1, 2, 5, 5))
    case("weight_norm_transposed", parametrizations.weight_norm(nn.ConvTranspose1d(3, 2, 3), dim=1), torch.randn(2, 3, 4))
    case("spectral_norm", parametrizations.spectral_norm(nn.Conv1d(4, 6, 3), n_power_iterations=2), torch.randn(2, 4, 9))
    case("spectral_norm_transposed", parametrizations.spectral_norm(nn.ConvTranspose2d(3, 2, 2)), torch.randn(1, 3, 4, 4))
    case("spectral_norm_eval", parametrizations.spectral_norm(nn.Linear(5, 3)), torch.randn(4, 5), train=False)


def transformers():
    causal = torch.ones(4, 4, dtype=torch.bool).triu(1)
    padding = torch.tensor([[False, False, False, True], [False, False, True, True]])
    options = dict(dim_feedforward=12, dropout=0.0)
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    case("attention", attention, torch.randn(2, 4, 8), torch.randn(2, 5, 8), torch.randn(2, 5, 8))
    masked = nn.MultiheadAttention(8, 2)
    case("attention_masked", masked, torch.randn(4, 2, 8),
         call=lambda x: masked(x, x, x, attn_mask=causal, key_padding_mask=padding))
    case("encoder_layer", nn.TransformerEncoderLayer(8, 2, batch_first=True, **options), torch.randn(2, 4, 8))
    case("encoder_layer_norm_first",
         nn.TransformerEncoderLayer(8, 2, activation="gelu", norm_first=True, batch_first=True, **options),
         torch.randn(2, 4, 8), src_mask=causal)
    encoder = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(8, 2, **options), 2, norm=nn.LayerNorm(8), enable_nested_tensor=False)
    case("encoder", encoder, torch.randn(4, 2, 8), src_key_padding_mask=padding)
    case("decoder_layer", nn.TransformerDecoderLayer(8, 2, batch_first=True, **options),
         torch.randn(2, 4, 8), torch.randn(2, 3, 8), tgt_mask=causal)
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, norm_first=True, **options), 2)
    case("decoder", decoder, torch.randn(4, 2, 8), torch.randn(3, 2, 8), tgt_mask=causal)
    case("transformer", nn.Transformer(8, 2, 1, 1, batch_first=True, **options),
         torch.randn(2, 3, 8), torch.randn(2, 4, 8), tgt_mask=causal)


def losses():
    labels = torch.tensor([0, 3, 1, 2, 3])
    weight = torch.tensor([0.5, 1.0, 2.0, 0.25])
    loss("cross_entropy", F.cross_entropy, leaf(5, 4), labels)
    loss("cross_entropy_weighted", F.cross_entropy, leaf(5, 4), labels, weight=weight)
    loss("cross_entropy_ignored", F.cross_entropy, leaf(5, 4), labels, ignore_index=3, label_smoothing=0.1)
    loss("cross_entropy_soft", F.cross_entropy, leaf(5, 4), torch.rand(5, 4).softmax(1), label_smoothing=0.1)
    loss("cross_entropy_images", F.cross_entropy, leaf(2, 4, 3), labels[:3].expand(2, 3), reduction="none")
    loss("nll", F.nll_loss, leaf(5, 4), labels, weight=weight, reduction="sum")
    loss("bce", F.binary_cross_entropy, torch.rand(3, 4).requires_grad_(), torch.rand(3, 4))
    loss("bce_with_logits", F.binary_cross_entropy_with_logits, leaf(3, 4), torch.rand(3, 4), pos_weight=weight)
    loss("mse", F.mse_loss, leaf(3, 4), torch.randn(3, 4))
    loss("l1", F.l1_loss, leaf(3, 4), torch.randn(3, 4), reduction="sum")
    loss("smooth_l1", F.smooth_l1_loss, leaf(3, 4), torch.randn(3, 4), beta=0.5)
    loss("huber", F.huber_loss, leaf(3, 4), torch.randn(3, 4), delta=0.7)
    loss("kl_div", F.kl_div, leaf(3, 4), torch.rand(3, 4).softmax(1), reduction="batchmean")
    loss("cosine_embedding", F.cosine_embedding_loss, leaf(4, 3), leaf(4, 3), torch.tensor([1.0, -1.0, -1.0, 1.0]),
         margin=0.2)
    loss("triplet", F.triplet_margin_loss, leaf(4, 3), leaf(4, 3), leaf(4, 3), margin=0.5)


def main():
    torch.manual_seed(0)
    for family in layers, recurrent, transformers, losses, of_lengths, parametrized:
        family()
    save_file({k: v.clone().contiguous() for k, v in tensors.items()}, "layers.safetensors")
    with open("layers.json", "w") as file:
        lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in cases.items())
        file.write(f"{{\"torch\": \"{torch.__version__}\", \"cases\": {{\n{lines}\n}}}}\n")


if __name__ == "__main__":
    main()
