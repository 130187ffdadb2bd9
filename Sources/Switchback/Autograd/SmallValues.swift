/// The values of an array with at most four elements, shown in the graph. A copy, because the graph keeps no results
/// alive.
struct SmallValues {
    private static let limit = 4

    private var values = SIMD4<Float>(repeating: 0)
    private var count = 0

    /// The numbers of an array that the processor can read in place; none of one that is larger or lies scattered.
    @inline(__always)
    init(_ array: NDArray) {
        if array.layout.count <= Self.limit { read(array) }
    }

    private mutating func read(_ array: NDArray) {
        array.withReadableBytes { bytes in
            switch array.dtype {
            case .float32:
                for i in 0..<array.count { values[i] = bytes.load(fromByteOffset: 4 * i, as: Float.self) }
            case .float64:
                for i in 0..<array.count { values[i] = Float(bytes.load(fromByteOffset: 8 * i, as: Double.self)) }
            default: return
            }
            count = array.count
        }
    }

    var numbers: [Float] { (0..<count).map { values[$0] } }
}
