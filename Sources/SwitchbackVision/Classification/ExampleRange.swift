import Switchback
import SwitchbackFormats

/// How large the numbers of each example are: what tells of damaged ones.
struct ExampleRange {
    /// The largest magnitude in each example; NaN where it holds one.
    private let magnitudes: [Double]
    /// That of the usual example.
    private let usual: Double

    /// How many times the usual size an example is an outlier, and cannot be meant.
    private static let outlying = 1e3
    private static let impossible = 1e6

    /// The examples are along the first dimension, [N, …].
    init(of inputs: Tensor) {
        guard inputs.count > 0, inputs.rank > 1 else {
            (magnitudes, usual) = ([], 0)
            return
        }
        magnitudes = inputs.split(4096).flatMap { part in
            part.to(.float32).abs().amax(dims: Array(1..<part.rank)).toArray(as: Double.self)
        }
        usual = magnitudes.filter(\.isFinite).sorted().middle ?? 0
    }

    /// The positions of the examples that statistics leave out.
    var outliers: [Int] {
        usual > 0 ? magnitudes.indices.filter { magnitudes[$0] > Self.outlying * usual } : []
    }

    /// Throws where an example holds NaN or infinity, or is far larger than any can be, and says where.
    func check(_ inputs: Tensor, from source: String) throws {
        let damaged = magnitudes.firstIndex { !$0.isFinite || (usual > 0 && $0 > Self.impossible * usual) }
        guard let damaged else { return }
        let example = inputs.select(dim: 0, index: damaged).to(.float32)
        let value = magnitudes[damaged]
        let isMeant = value.isFinite ? example.abs().eq(value) : example.isfinite().logicalNot()
        let place = Self.place(
            isMeant.reshape([example.count]).to(.uint8).argmax(dim: 0).item(as: Int.self), in: example.shape)
        let number = Float(example.abs().reshape([example.count]).toArray(as: Double.self)[place.position])
        throw InputError(
            source, at: "example \(damaged)",
            "holds \(value.isFinite ? "\(number), and the usual example reaches \(Float(usual))" : value.isNaN ? "NaN" : "infinity") at \(place.indices)",
            remedy: "repair or remove it")
    }

    /// The indices of an element from its position in the order of memory.
    private static func place(_ position: Int, in shape: Shape) -> (position: Int, indices: [Int]) {
        var (rest, indices) = (position, [Int](repeating: 0, count: shape.count))
        for dim in shape.indices.reversed() {
            indices[dim] = rest % shape[dim]
            rest /= shape[dim]
        }
        return (position, indices)
    }
}

extension [Double] {
    fileprivate var middle: Double? { isEmpty ? nil : self[count / 2] }
}
