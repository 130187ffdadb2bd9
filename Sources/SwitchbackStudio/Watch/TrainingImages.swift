import Foundation
import Switchback
import SwitchbackVision

/// What the images that a run has learned from are like: what requests are compared with.
struct TrainingImages: Sendable {
    /// The data set's name, by which pages call it.
    let set: String
    let classes: [String]
    let brightness, contrast: [Double]
    /// Objects in each labelled image.
    let objects: [Double]
    /// The share of each class among the objects.
    let shares: [Double]

    /// Decoding more would tell little more.
    private static let most = 200

    init(_ set: OpenDataSet) throws {
        let content = try set.index.now()
        self.set = set.folder.name
        classes = content.classNames
        let training = content.images.filter { $0.split == .train }
        let step = max(1, training.count / Self.most)
        let sample = stride(from: 0, to: training.count, by: step).map { training[$0] }
        let lights = ImageSurvey.map(sample, chunk: 4) { image in
            (try? Image.load(image.path, minimumSide: 64)).map { ImageLight($0) }
        }.compactMap { $0 }
        brightness = lights.map { Double($0.brightness) }
        contrast = lights.map { Double($0.contrast) }
        let labeled = training.filter(\.isLabeled)
        objects = labeled.map { Double($0.marks.count) }
        var counts = [Double](repeating: 0, count: classes.count)
        for mark in labeled.flatMap(\.marks) where Int(mark.classIndex) < counts.count {
            counts[Int(mark.classIndex)] += 1
        }
        let total = max(1, counts.reduce(0, +))
        shares = counts.map { $0 / total }
    }
}
