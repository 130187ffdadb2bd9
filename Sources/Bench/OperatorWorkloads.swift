import Switchback

/// Single operators, forward alone (`_fwd`) or with the backward pass.
let operatorWorkloads: [Workload] =
    [512, 1024, 2048].map { product("matmul_\($0)", $0, $0, $0) } + [
        product("matmul_tall", 16384, 256, 64),
        product("matmul_wide", 64, 256, 16384),
        product("matmul_odd", 1000, 777, 333),
        product("matmul_b1", 1, 4096, 4096),
        convolution("conv3x3_64_56_b16", batch: 16, channels: 64, size: 56),
        convolution("conv3x3_64_56_b16_fwd", batch: 16, channels: 64, size: 56, forwardOnly: true),
        convolution("conv3x3_s2_64_160_b4", batch: 4, channels: 64, size: 160, stride: 2),
        convolution("conv3x3_dw_128_80_b4", batch: 4, channels: 128, size: 80, groups: 128),
        Workload(name: "layernorm_4096x768") {
            let (x, weight, bias) = (Tensor.randn([4096, 768]), Tensor.ones([768]), Tensor.zeros([768]))
            return forwardAndBackward([x, weight, bias]) { x.layerNorm([768], weight: weight, bias: bias) }
        },
        Workload(name: "layernorm_4096x768_fwd") {
            let (x, weight, bias) = (Tensor.randn([4096, 768]), Tensor.ones([768]), Tensor.zeros([768]))
            return { _ = x.layerNorm([768], weight: weight, bias: bias) }
        },
        Workload(name: "softmax_4096x1024") {
            let x = Tensor.randn([4096, 1024])
            return forwardAndBackward([x]) { x.softmax(dim: -1) }
        },
        Workload(name: "softmax_4096x1024_fwd") {
            let x = Tensor.randn([4096, 1024])
            return { _ = x.softmax(dim: -1) }
        },
        Workload(name: "adamw_update_25m", items: 25_000_000) {
            let parameters = (0..<100).map { _ in Parameter(Tensor.randn([500, 500])) }
            for parameter in parameters { parameter.grad = Tensor.randn([500, 500]) }
            let optimizer = AdamW(parameters, learningRate: 1e-3, weightDecay: 0.01)
            return { optimizer.step() }
        },
        embedding("embedding_1m_64rows", sparse: false),
        embedding("embedding_1m_64rows_sparse", sparse: true),
    ]

/// A step of plain gradient descent on a table of a million rows of 256, of which 64 are used.
private func embedding(_ name: String, sparse: Bool) -> Workload {
    Workload(name: name) {
        let table = Embedding(1_000_000, 256, sparse: sparse)
        let optimizer = SGD(table, learningRate: 0.1)
        let ids = Tensor.randint(0..<1_000_000, [64])
        return {
            table(ids).sum().backward()
            optimizer.step()
            optimizer.zeroGrad()
        }
    }
}

/// A matrix of m × k elements times one of k × n.
private func product(_ name: String, _ m: Int, _ k: Int, _ n: Int) -> Workload {
    Workload(name: name, flops: 2 * Double(m * k * n)) {
        let a = Tensor.randn([m, k])
        let b = Tensor.randn([k, n])
        return { _ = a.matmul(b) }
    }
}

/// A 3×3 convolution of square images into as many channels, padding 1.
private func convolution(
    _ name: String, batch: Int, channels: Int, size: Int, stride: Int = 1, groups: Int = 1, forwardOnly: Bool = false
) -> Workload {
    let outputs = batch * (size / stride) * (size / stride) * channels
    let flops = 2 * Double(outputs * channels / groups * 9)
    return Workload(name: name, flops: forwardOnly ? flops : 3 * flops) {
        let layer = Conv2d(channels, channels, kernelSize: 3, stride: stride, padding: 1, groups: groups)
        let x = Tensor.randn([batch, channels, size, size])
        if forwardOnly { return { noGrad { _ = layer(x) } } }
        return forwardAndBackward([x] + layer.parameters) { layer(x) }
    }
}

private func forwardAndBackward(_ leaves: [Tensor], _ function: @escaping () -> Tensor) -> () -> Void {
    for leaf in leaves { leaf.requiresGrad = true }
    // In the memory order of the output, as PyTorch's randn_like has it.
    let output = function()
    let upstream = Tensor.randn(output.shape).contiguous(memoryOrder: output.memoryOrder)
    return {
        for leaf in leaves { leaf.grad = nil }
        function().backward(gradient: upstream)
    }
}
