import Foundation
import Switchback

/// Looks at the values of inputs: numbers that are none, outliers, and inputs that are all the same.
package struct ValueCheck {
    /// What lies beyond so many times the usual magnitude is no value of the same kind as the others: a fault of reading
    /// or writing. Columns of a table may have long tails, such as those of prices; the pixels of images have not.
    private static let (imageOutlier, columnOutlier) = (1e4, 1e6)

    /// The inputs that are looked at: batches of examples of one kind, floating-point.
    private let inputs: [Tensor]
    /// What an example is called, by its batch and its row.
    private let name: (_ batch: Int, _ row: Int) -> String
    /// The numbers of an example.
    private let width: Int
    private let shape: [Int]

    private init(_ inputs: [Tensor], _ name: @escaping (Int, Int) -> String) {
        self.inputs = inputs.filter { $0.count > 0 }
        self.name = name
        shape = Array((self.inputs.first?.shape ?? []).dropFirst())
        width = max(1, shape.reduce(1, *))
    }

    package static func check(
        _ inputs: [Tensor], name: @escaping (_ batch: Int, _ row: Int) -> String
    ) -> DoctorCheck {
        ValueCheck(inputs, name).check
    }

    private var check: DoctorCheck {
        // The columns of a table have each their own magnitude.
        let groups = shape.count == 1 ? width : 1
        var (lowest, highest) = (Double.infinity, -Double.infinity)
        var summaries = [Summary](repeating: Summary(), count: groups)
        for (batch, tensor) in inputs.enumerated() {
            let numbers = tensor.to(.float64).toArray(as: Double.self)
            if let position = numbers.firstIndex(where: { !$0.isFinite }) {
                return DoctorCheck(
                    .values, .failed, "\(place(batch, position)) is \(numbers[position].brief)",
                    remedy: "remove the example, or put a number in its place: it makes the loss and all weights NaN")
            }
            let step = max(1, numbers.count / 65_536 / groups)
            for (position, value) in numbers.enumerated() {
                (lowest, highest) = (min(lowest, value), max(highest, value))
                summaries[position % groups].add(
                    value, at: (batch, position), isSampled: position / groups % step == 0)
            }
        }
        if let outlier = outlier(summaries, limit: shape.count == 1 ? Self.columnOutlier : Self.imageOutlier) {
            return outlier
        }
        if lowest == highest {
            return DoctorCheck(
                .values, .failed, "all inputs are \(lowest.brief)",
                remedy: "look at how they are read: there is nothing to tell examples apart by")
        }
        return DoctorCheck(
            .values, .passed, "all are finite, from \(lowest.brief) to \(highest.brief), and none is far from the rest")
    }

    /// Of numbers of one kind: some magnitudes, and where the largest stands.
    private struct Summary {
        var magnitudes: [Double] = []
        var largest = 0.0
        var place = (batch: 0, position: 0)

        mutating func add(_ value: Double, at place: (Int, Int), isSampled: Bool) {
            if isSampled && value != 0 { magnitudes.append(value.magnitude) }
            if value.magnitude > largest { (largest, self.place) = (value.magnitude, place) }
        }
    }

    private func outlier(_ summaries: [Summary], limit: Double) -> DoctorCheck? {
        for summary in summaries {
            let usual = summary.magnitudes.median
            guard usual > 0, summary.largest > limit * usual else { continue }
            return DoctorCheck(
                .values, .failed,
                "\(place(summary.place.batch, summary.place.position)) has the magnitude \(summary.largest.brief), where "
                    + "\(usual.brief) is usual",
                remedy: "remove or mend it: normalization by mean and deviation makes all others nearly 0")
        }
        return nil
    }

    /// The example, and where in it an element stands: `image 7, channel 1, pixel (5, 3)`.
    private func place(_ batch: Int, _ position: Int) -> String {
        var rest = position % width
        var places: [Int] = []
        for size in shape.reversed() {
            places.insert(rest % size, at: 0)
            rest /= size
        }
        let inside =
            switch places.count {
            case 0: ""
            case 1: ", column \(places[0] + 1)"
            case 3: ", channel \(places[0] + 1), pixel (\(places[2]), \(places[1]))"
            default: ", element \(places)"
            }
        return name(batch, position / width) + inside
    }
}
