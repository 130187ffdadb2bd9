import Kernels
@_spi(Backends) import Switchback
import SwitchbackFormats

/// The filters of a quantized layer as kernels read them, for every size of images.
final class PreparedFilters {
    /// One for each output.
    let scales: [Float]
    /// Panels of bytes, or, of a depthwise convolution, [KH, KW, C].
    let numbers: NDArray
    /// The sum of each filter.
    let sums: [Int32]

    init(_ layer: QuantizedLayer, isDepthwise: Bool, dilation: IntPair) {
        scales = layer.scales
        let shape = layer.numbers.shape
        // Signed bytes [O, KH, KW, C], or [KH, KW, O] with one channel.
        let ordered = isDepthwise ? layer.numbers.permute(1, 2, 3, 0) : layer.numbers.permute(0, 2, 3, 1)
        let bytes = ordered.array.withHostBytes { bytes in
            bytes.map { Int8(truncatingIfNeeded: Int($0) - 128) }
        }
        var sums = [Int32](repeating: 0, count: shape[0])
        if isDepthwise {
            numbers = NDArray(shape: [bytes.count], dtype: .uint8) { memory in
                bytes.withUnsafeBytes { memory.copyMemory(from: $0) }
            }
        } else {
            var form = sb_int8_shape()
            (form.outputs, form.channels) = (shape[0], shape[1])
            form.kernel = (shape[2], shape[3])
            form.dilation = (dilation.height, dilation.width)
            let count = sb_int8_panels_size(&form)
            numbers = NDArray(empty: [count], dtype: .uint8, backend: CPUBackend.self)
            sb_int8_lay_out(bytes, &form, numbers.pointer.assumingMemoryBound(to: Int8.self), &sums)
        }
        self.sums = sums
    }

    /// Whether kernels can sum so many products without overflow.
    static func canSum(_ convolution: GraphConvolution) -> Bool {
        convolution.weight.shape.dropFirst().reduce(1, *) <= SB_INT8_TERMS
    }
}
