// Layers' products: x · Wᵀ + b, and the bilinear form.

extension Tensor {
    /// The affine map of a dense layer, `self · weightᵀ + bias`: [..., in] → [..., out]. Computes in the precision of
    /// `withPrecision`.
    ///
    /// - Parameters:
    ///   - weight: [out, in].
    ///   - bias: [out].
    public final func linear(weight: Tensor, bias: Tensor? = nil) -> Tensor {
        let (x, w) = (operand(), weight.operand())
        // It is added to the sums.
        let b = bias.map { $0.dtype == x.dtype ? $0.to(x.array.productType) : $0 }
        x.checkLinear(w, b)
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        let (original, hasBias) = (shape, bias != nil)
        let weightLiesTransposed = weight.array.strides[0] < weight.array.strides[1]
        let flat: Shape = [shape.dropLast().reduce(1, *), inputs]
        let result = NDArray(empty: [flat[0], outputs], dtype: x.array.productType, backend: backend)
        let rows = x.array.viewed(as: flat) ?? x.array.contiguous().viewed(as: flat)!
        backend.linear(rows, weight: w.array, bias: b?.array, into: result)
        return Tensor.record(
            .linear, result.viewed(as: shape.replacing(rank - 1, with: outputs))!,
            from: bias.map { [self, weight, $0] } ?? [self, weight],
            saving: [weight.requiresGrad ? kept(as: x) : nil, requiresGrad ? weight.kept(as: w) : nil]
        ) { saved, whole in
            let whole = whole.reshape([flat[0], outputs])
            let gradient = whole.operand()
            let gradients = [
                saved[1].map { gradient.matmul($0).reshape(original) },
                saved[0].map { input in
                    // Memory in the weight's own order, so that nothing copies it later.
                    let rows = input.reshape(flat)
                    return weightLiesTransposed ? rows.t().matmul(gradient).t() : gradient.t().matmul(rows)
                },
            ]
            return hasBias ? gradients + [whole] : gradients
        }
    }

    private func checkLinear(_ weight: Tensor, _ bias: Tensor?) {
        requireSameBackend("linear", weight, bias)
        require(
            rank > 0 && weight.rank == 2 && shape[rank - 1] == weight.shape[1], "linear",
            "an input of shape \(shape) does not fit a weight of shape \(weight.shape): they must be [..., in] and "
                + "[out, in]")
        let types = [dtype, weight.dtype] + (bias.map { [$0.dtype] } ?? [])
        require(
            weight.dtype == dtype && bias?.dtype ?? array.productType == array.productType && dtype != .bool, "linear",
            "the operands are \(types.map { "\($0)" }.joined(separator: ", ")); they must have one type")
        if let bias {
            require(
                bias.shape == [weight.shape[0]], "linear",
                "the bias has shape \(bias.shape), and the weight \(weight.shape) has \(weight.shape[0]) outputs")
        }
    }

    /// The bilinear form of two inputs, `x₁ᵀ · W[o] · x₂ + bias[o]` for each output `o`: [..., in1], [..., in2] →
    /// [..., out].
    ///
    /// - Parameters:
    ///   - weight: [out, in1, in2].
    ///   - bias: [out].
    public final func bilinear(_ other: Tensor, weight: Tensor, bias: Tensor? = nil) -> Tensor {
        require(
            rank > 0 && other.rank == rank && weight.rank == 3 && shape.dropLast().elementsEqual(other.shape.dropLast())
                && shape[rank - 1] == weight.shape[1] && other.shape[rank - 1] == weight.shape[2], "bilinear",
            "\(shape) and \(other.shape) do not fit a weight of shape \(weight.shape): they must be [..., in1], "
                + "[..., in2] and [out, in1, in2]")
        let (outputs, in1, in2) = (weight.shape[0], weight.shape[1], weight.shape[2])
        if rank == 1 {
            return unsqueeze(0).bilinear(other.unsqueeze(0), weight: weight, bias: bias).squeeze(0)
        }
        let form = shape.replacing(rank - 1, with: outputs)
        return Tensor.inFloat32([self, other, weight] + (bias.map { [$0] } ?? [])) { operands in
            // [rows, 1, in1] · [rows, in1, in2] as one product of rows with all of W, then one with x₂.
            let partial = operands[0].rows().matmul(operands[2].permute(1, 0, 2).reshape([in1, outputs * in2]))
            let batch = partial.reshape([partial.shape[0], outputs, in2]).matmul(operands[1].rows().unsqueeze(2))
            let result = batch.reshape(form)
            return operands.count > 3 ? result + operands[3] : result
        }
    }
}
