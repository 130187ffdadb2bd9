import Switchback

/// A convolution in whole numbers of 8 bits: its filters, and how its input is rounded to bytes.
public struct QuantizedLayer {
    /// The filters as q + 128, uint8 [outputs, inputs / groups, KH, KW], with q from −127 to 127.
    public let numbers: Tensor
    /// One for each output: a filter is scale · q.
    public let scales: [Float]
    /// How the input is rounded.
    public let input: ByteScale

    /// - Parameters:
    ///   - weight: [outputs, inputs / groups, KH, KW]; each filter gets the scale at which its largest number is 127.
    ///   - input: how the input is rounded.
    public init(rounding weight: Tensor, input: ByteScale) {
        let rows = weight.detach().to(.float32).reshape([weight.size(0), -1])
        let largest = rows.abs().amax(dim: 1, keepDim: true)
        let steps = (largest / 127).maskedFill(largest.eq(0), 1)
        numbers = ((rows / steps).round().clamp(min: -127, max: 127) + 128).to(.uint8).reshape(weight.shape)
        scales = steps.toArray(as: Float.self)
        self.input = input
    }

    init(numbers: Tensor, scales: [Float], input: ByteScale) {
        (self.numbers, self.scales, self.input) = (numbers, scales, input)
    }

    /// The same filters for an input that is rounded otherwise.
    public func with(input: ByteScale) -> QuantizedLayer {
        QuantizedLayer(numbers: numbers, scales: scales, input: input)
    }

    /// The filters as float32, with what rounding changed.
    public var weight: Tensor {
        let steps = Tensor(scales, shape: [scales.count, 1, 1, 1])
        return (numbers.to(.float32) - 128) * steps
    }
}
