import Switchback
import SwitchbackFormats

/// The examples of a training that measured steps have shown, each by a number that next to no other one has.
final class ExampleMemory {
    private var marks: Set<UInt64> = []

    /// How many numbers of an example are compared, and how many examples of a batch at most.
    static let (comparedNumbers, comparedRows) = (32, 256)
    /// Of larger data, a part is enough.
    private static let most = 1 << 17

    /// Notes the examples of a batch for training.
    ///
    /// - Returns: the share of those that were not seen before.
    func note(_ batch: [UInt64]) -> Double {
        let unseen = batch.count { !marks.contains($0) }
        if marks.count < Self.most { marks.formUnion(batch) }
        return Double(unseen) / Double(max(1, batch.count))
    }

    /// How many examples of a batch are among those for training.
    func known(_ batch: [UInt64]) -> Int { batch.count { marks.contains($0) } }
}

extension Tensor {
    /// A number for each of the first examples, [N, …], that is the same for those whose compared numbers are: some of
    /// an image, evenly spread, and the first words of a text. `nil` where examples have few numbers, and may be the
    /// same by chance.
    var exampleMarks: [UInt64]? {
        let rows = Swift.min(shape.first ?? 0, ExampleMemory.comparedRows)
        guard rows > 0, count > 0 else { return nil }
        let width = count / shape[0]
        guard width >= 8 else { return nil }
        let chosen = Swift.min(width, ExampleMemory.comparedNumbers)
        let columns = (0..<chosen).map { dtype.isFloatingPoint ? $0 * width / chosen : $0 }
        let numbers = narrow(dim: 0, start: 0, length: rows).reshape([rows, width])
            .indexSelect(dim: 1, index: Tensor(columns, shape: [chosen]).to(backend)).to(.float32)
            .toArray(as: Float.self)
        return (0..<rows).map { Checksum.fnv1a(numbers[$0 * chosen..<($0 + 1) * chosen]) }
    }
}
