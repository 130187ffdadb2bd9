/// The number format of linear layers' weights for inference, which is limited by the speed of reading them.
public enum WeightFormat: String, Sendable, Codable, CaseIterable {
    case float32
    /// The upper half of a float32: half the memory, and differences that are hardly measurable.
    case bfloat16
    /// Groups of 32 integers of 8 bits with one scale: 8.5 bits a number.
    case int8
    /// Groups of 32 integers of 4 bits with one scale: 4.5 bits a number.
    case int4

    /// How many neighbors in a row share a scale; rows must be a multiple of that long.
    public var groupSize: Int {
        switch self {
        case .float32, .bfloat16: 1
        case .int8, .int4: 32
        }
    }
}

/// A linear layer's weight [outputs, inputs], quantized for inference.
///
/// `w ≈ scale · q` with q an integer of 8 or 4 bits, in groups of 32 neighbors of a row that share a scale (as in
/// Dettmers et al., "LLM.int8()", 2022, with smaller groups; the layout in memory is described in
/// `Kernels/include/quantized.h`). A product rounds each group of 32 inputs to 8 bits too and multiplies integers, in
/// the same way for one row or many: so the result for a row does not depend on the rows beside it.
public struct PackedWeight {
    public let format: WeightFormat
    /// [outputs, inputs].
    public let shape: Shape
    private let contents: Contents

    private enum Contents {
        case bfloats(NDArray)
        case groups(QuantizedArray)
    }

    /// - Parameter weight: [outputs, inputs] of float32, in any order in memory; inputs a multiple of
    ///   `format.groupSize`.
    public init(_ weight: Tensor, as format: WeightFormat) {
        require(
            weight.rank == 2 && weight.dtype == .float32 && weight.size(1) % format.groupSize == 0, "packed weight",
            "a \(weight.dtype) weight of shape \(weight.shape) cannot be \(format.rawValue): it must be float32 of shape "
                + "[outputs, inputs], with inputs a multiple of \(format.groupSize)")
        self.format = format
        shape = weight.shape
        switch format {
        case .float32: fail("packed weight", "float32 is what a weight has unpacked")
        case .bfloat16: contents = .bfloats(weight.array.contiguous().cast(to: .bfloat16))
        case .int8, .int4:
            guard let groups = weight.backend.quantize(weight.array, bits: format == .int8 ? 8 : 4) else {
                fail("packed weight", "the backend \(weight.backend.name) has no kernels for it")
            }
            contents = .groups(groups)
        }
    }

    private init(_ format: WeightFormat, _ shape: Shape, _ contents: Contents) {
        self.format = format
        self.shape = shape
        self.contents = contents
    }

    /// The same numbers in the memory of a backend.
    func transferred(to backend: any Backend.Type) -> PackedWeight {
        switch contents {
        case .bfloats(let array): PackedWeight(format, shape, .bfloats(array.transferred(to: backend)))
        case .groups(let groups): PackedWeight(format, shape, .groups(groups.transferred(to: backend)))
        }
    }

    /// The memory that it takes.
    public var byteCount: Int {
        switch contents {
        case .bfloats(let array): array.count * 2
        case .groups(let groups): groups.numbers.count + 2 * groups.scales.count
        }
    }

    /// The rows that integers name, as float32: [...] → [..., inputs].
    public func rows(_ indices: Tensor) -> Tensor {
        let flat = indices.reshape(-1).indices(below: shape[0], "embedding") { "the table \(shape)" }
        let form = Shape(indices.shape + [shape[1]])
        switch contents {
        case .bfloats(let array): return Tensor(array).indexSelect(dim: 0, index: flat).to(.float32).reshape(form)
        case .groups(let groups): return Tensor(groups.numbers.backend.rows(flat.array, of: groups)).reshape(form)
        }
    }

    /// `x · weightᵀ + bias`: [..., inputs] of float32 → [..., outputs]. No gradient flows through it.
    public func linear(_ x: Tensor, bias: Tensor? = nil) -> Tensor {
        require(
            x.rank > 0 && x.size(-1) == shape[1] && x.dtype == .float32, "linear",
            "a \(x.dtype) input of shape \(x.shape) does not fit a packed weight of shape \(shape): it must be float32, "
                + "[..., \(shape[1])]")
        require(
            x.backend == backend, "linear",
            "the operands lie in the memory of different backends, \(x.backend.name) and \(backend.name)")
        require(
            !(ThreadState.recordsGradients && x.requiresGrad), "linear",
            "a weight that is packed as \(format.rawValue) serves inference only; call it inside noGrad")
        let rows = x.reshape([x.count / max(1, shape[1]), shape[1]]).array
        let form = x.shape.replacing(x.rank - 1, with: shape[0])
        switch contents {
        case .bfloats(let weight):
            if let product = x.backend.linear(rows, bfloatWeight: weight, bias: bias?.array) {
                return Tensor(product).reshape(form)
            }
            return x.detach().linear(weight: Tensor(weight).to(.float32), bias: bias?.detach())
        case .groups(let groups):
            return Tensor(x.backend.linear(rows, groups, bias: bias?.array)).reshape(form)
        }
    }

    /// The numbers as float32, with what rounding changed: [outputs, inputs].
    public var unpacked: Tensor { rows(Tensor.arange(shape[0]).to(backend)) }

    private var backend: any Backend.Type {
        switch contents {
        case .bfloats(let array): array.backend
        case .groups(let groups): groups.numbers.backend
        }
    }
}

extension Parameter {
    /// Packs the weight of a linear layer for inference, and lets its float32 numbers go: `linear`, `embedding` and
    /// `linearCrossEntropy` use the packed ones from then on; everything else sees NaN, and nothing can be saved.
    ///
    /// - Parameters:
    ///   - format: not `float32`; see `PackedWeight` for what it asks of the shape.
    ///   - transposed: whether the weight is [inputs, outputs].
    public func pack(as format: WeightFormat, transposed: Bool = false) {
        packed = PackedWeight(transposed ? detach().t() : detach(), as: format)
        requiresGrad = false
        let nothing = NDArray(filled: .nan, shape: [], dtype: .float32, backend: backend)
        array = nothing.expanded(to: shape)
    }
}

// MARK: - What packed parameters are used for

extension Tensor {
    /// The affine map of a dense layer whose weight, [out, in], may be packed.
    public final func linear(weight: Parameter, bias: Tensor? = nil) -> Tensor {
        weight.packed?.linear(self, bias: bias) ?? linear(weight: weight as Tensor, bias: bias)
    }

    /// The affine map of a dense layer whose weight lies the other way around, [in, out], and may be packed.
    public final func linear(transposedWeight weight: Parameter, bias: Tensor? = nil) -> Tensor {
        weight.packed?.linear(self, bias: bias) ?? linear(weight: weight.t(), bias: bias)
    }

    /// The rows of a table that may be packed.
    public final func embedding(weight: Parameter, paddingIndex: Int? = nil, sparse: Bool = false) -> Tensor {
        weight.packed?.rows(self)
            ?? embedding(weight: weight as Tensor, paddingIndex: paddingIndex, sparse: sparse)
    }

    /// `linearCrossEntropy` with a weight that may be packed; then it has no gradient.
    public final func linearCrossEntropy(
        weight: Parameter, bias: Tensor? = nil, _ target: Tensor, ignoreIndex: Int = -100, labelSmoothing: Double = 0
    ) -> Tensor {
        guard let packed = weight.packed else {
            return linearCrossEntropy(
                weight: weight as Tensor, bias: bias, target, ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing)
        }
        let (rows, classes) = (reshape([target.count, size(-1)]), target.reshape([target.count]))
        var sum = newZeros([])
        for start in stride(from: 0, to: target.count, by: 256) {
            let count = Swift.min(256, target.count - start)
            let logits = packed.linear(rows.narrow(dim: 0, start: start, length: count), bias: bias)
            sum =
                sum
                + logits.crossEntropy(
                    classes.narrow(dim: 0, start: start, length: count), ignoreIndex: ignoreIndex,
                    labelSmoothing: labelSmoothing, reduction: .sum)
        }
        return sum / classes.ne(Double(ignoreIndex)).sum()
    }
}
