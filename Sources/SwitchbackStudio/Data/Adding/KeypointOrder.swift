import Switchback
import SwitchbackVision

/// Which keypoint of data that is added each one of a data set is: that of the same name, or where names are missing, of
/// the same number.
struct KeypointOrder {
    private let layout: KeypointLayout
    /// By the numbers of the data set; `nil` where the data has no such keypoint, which nobody has marked then.
    private let sources: [Int?]

    /// - Throws: `InputError` where the keypoints of the data are others.
    init(of data: DetectionData, in layout: KeypointLayout) throws {
        self.layout = layout
        guard let own = data.keypoints else {
            sources = [Int?](repeating: nil, count: layout.count)
            return
        }
        if let names = layout.names, let others = own.names, names != others {
            if let unknown = others.first(where: { !names.contains($0) }) {
                throw InputError(
                    data.path, "has the keypoint \(unknown), and the data set none of that name",
                    remedy: unknown.nearest(in: names).map { "did you mean \($0)?" })
            }
            sources = names.map(others.firstIndex)
        } else {
            guard own.count == layout.count else {
                throw InputError(
                    data.path,
                    "its objects have \(own.count.counted("keypoint")), and those of the data set "
                        + "\(layout.count)")
            }
            sources = Array(0..<own.count)
        }
    }

    /// The numbers of a line of labels.
    func numbers(_ keypoints: [Keypoint]) -> [Double] {
        sources.flatMap { source -> [Double] in
            let point = source.flatMap { keypoints.indices.contains($0) ? keypoints[$0] : nil }
            guard let point, point.visibility != 0 else { return layout.unknownNumbers }
            let place = [point.x, point.y].map { LabelValue.rounded(Double($0)) }
            return layout.numbers(place, visibility: Double(point.visibility))
        }
    }
}
