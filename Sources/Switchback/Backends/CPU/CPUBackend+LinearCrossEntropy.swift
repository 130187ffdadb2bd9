import Kernels

extension CPUBackend {
    public static func linearCrossEntropy(
        _ x: NDArray, weight: NDArray, bias: NDArray?, target: NDArray, _ options: CrossEntropyOptions,
        wanted: LinearCrossEntropyWanted
    ) -> LinearCrossEntropyResult? {
        let areRounded = x.dtype == .bfloat16 && weight.dtype == .bfloat16
        guard areRounded ? areFloats(bias) : areFloats(x, weight, bias) else { return nil }
        let job = LinearCrossEntropy(
            x: x.contiguous(), weight: weight.contiguous(), bias: bias?.contiguous(), target: target.contiguous(),
            options: options, wanted: wanted)
        return job.run()
    }
}

/// A linear layer with cross entropy, computed some rows at a time: forward and, while the logits are there, backward.
private struct LinearCrossEntropy {
    let x, weight: NDArray
    let bias: NDArray?
    let target: NDArray
    let options: CrossEntropyOptions
    let wanted: LinearCrossEntropyWanted

    private var rows: Int { x.shape[0] }
    private var inputs: Int { x.shape[1] }
    private var classes: Int { weight.shape[0] }
    private var targets: UnsafeMutablePointer<Int64> { target.pointer(to: Int64.self) }

    /// Rows at a time: 32 MB of logits, but not so few that the weight's gradient is passed over too often.
    private var rowsAtATime: Int { Swift.max(64, (1 << 23) / Swift.max(classes, 1)) }

    func run() -> LinearCrossEntropyResult {
        func array(_ shape: Shape) -> NDArray { NDArray(empty: shape, dtype: .float32, backend: CPUBackend.self) }
        let logits = array([Swift.min(rowsAtATime, rows), classes])
        let gx = wanted.x ? array(x.shape) : nil
        let gw = wanted.weight ? array(weight.shape) : nil
        let gb = wanted.bias ? NDArray(filled: 0, shape: [classes], dtype: .float32, backend: CPUBackend.self) : nil
        let counted = (0..<rows).count { targets[$0] != Int64(options.ignoreIndex) }
        var loss = 0.0
        for start in stride(from: 0, to: rows, by: rowsAtATime) {
            let count = Swift.min(rowsAtATime, rows - start)
            computeLogits(start, count, into: logits)
            loss += rowLosses(start, count, logits: logits, meanOver: counted)
            guard wanted.any else { continue }
            if let gx { multiplyByWeight(logits, start, count, into: gx) }
            if let gw { addProductWithX(logits, start, count, to: gw) }
            if let gb { addColumns(of: logits, count, to: gb) }
        }
        if rows == 0, let gw { CPUBackend.fill(gw, with: 0, integer: 0) }
        let mean = NDArray(filled: loss / Double(counted), shape: [], dtype: .float32, backend: CPUBackend.self)
        return (mean, gx, gw, gb)
    }

    private func computeLogits(_ start: Int, _ count: Int, into logits: NDArray) {
        var epilogue = sb_epilogue(
            column_bias: bias.map { UnsafePointer($0.floats) }, activation: SB_ACT_NONE)
        multiply(some(x, start, count), weight.permuted([1, 0]), into: logits, &epilogue)
    }

    /// Some rows of an array.
    private func some(_ array: NDArray, _ start: Int, _ count: Int) -> NDArray {
        array.sliced(0, start: start, length: count)
    }

    /// `y = a · b + beta · y`, of rows as many as `a` has; of operands that are rounded to bfloat16 if `x` is it already.
    private func multiply(
        _ a: NDArray, _ b: NDArray, beta: Float = 0, into y: NDArray, _ epilogue: UnsafePointer<sb_epilogue>? = nil
    ) {
        let (m, n, k) = (a.shape[0], b.shape[1], a.shape[1])
        if x.dtype == .bfloat16 {
            sb_matmul_rounded(1, m, n, k, a.roundedMatrix, b.roundedMatrix, beta, y.floats, 0, n, epilogue)
        } else {
            sb_matmul_f32(
                m, n, k, 1, a.floats, a.strides[0], a.strides[1], b.floats, b.strides[0], b.strides[1], beta, y.floats,
                n,
                epilogue)
        }
    }

    /// The sum of the losses of some rows; if gradients are wanted, those of the logits take the logits' place.
    private func rowLosses(_ start: Int, _ count: Int, logits: NDArray, meanOver counted: Int) -> Double {
        var perRow = [Float](repeating: 0, count: 4 * count)
        return perRow.withUnsafeMutableBufferPointer { perRow in
            let losses = perRow.baseAddress!
            let (weights, logSums, scales) = (losses + count, losses + 2 * count, losses + 3 * count)
            sb_cross_entropy(
                count, classes, logits.floats, targets + start, nil, Int64(options.ignoreIndex),
                Float(options.labelSmoothing), losses, weights, logSums)
            if wanted.any {
                for row in 0..<count { scales[row] = 1 / Float(counted) }
                sb_cross_entropy_backward(
                    count, classes, logits.floats, targets + start, nil, Int64(options.ignoreIndex),
                    Float(options.labelSmoothing), logSums, scales, logits.floats)
            }
            return (0..<count).reduce(0) { $0 + Double(losses[$1]) }
        }
    }

    private func multiplyByWeight(_ gradient: NDArray, _ start: Int, _ count: Int, into gx: NDArray) {
        multiply(some(gradient, 0, count), weight, into: some(gx, start, count))
    }

    private func addProductWithX(_ gradient: NDArray, _ start: Int, _ count: Int, to gw: NDArray) {
        multiply(
            some(gradient, 0, count).permuted([1, 0]), some(x, start, count), beta: start == 0 ? 0 : 1, into: gw)
    }

    private func addColumns(of gradient: NDArray, _ count: Int, to gb: NDArray) {
        let sums = NDArray(empty: [1, classes], dtype: .float32, backend: CPUBackend.self)
        CPUBackend.reduce(.sum, some(gradient, 0, count), into: sums)
        CPUBackend.binary(.add, gb, sums.squeezed(at: 0), into: gb)
    }
}
