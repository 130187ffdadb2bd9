import Switchback

/// What examples of two parts are compared by: images by how they look, rows of tables by their numbers.
enum ExamplePrints {
    case images([Duplicates.Print?])
    case rows([[Double]], RowPrints)

    /// Arrays of images that are smaller say too little when they are made smaller still.
    private static let smallestSide = 12

    /// All examples are read; of files that cannot be decoded there is a warning.
    ///
    /// - Parameter training: whose range and deviations the numbers are measured by.
    init(_ examples: ClassificationExamples, measuredBy training: ClassificationExamples) throws {
        if let paths = examples.imagePaths {
            let (prints, problems) = Duplicates.prints(of: paths)
            for problem in problems { Diagnostics.warn("\(problem)") }
            self = .images(prints)
            return
        }
        let inputs = try examples.all().input
        let shape = inputs.shape
        if shape.count == 4, min(shape[2], shape[3]) >= Self.smallestSide, Image.ColorModel(rawValue: shape[1]) != nil {
            let bytes = inputs.dtype == .uint8 ? inputs : Self.bytes(inputs, rangeOf: try training.all().input)
            let images = (0..<shape[0]).map { Image(bytes.select(dim: 0, index: $0)) }
            self = .images(ImageSurvey.map(images) { Duplicates.Print($0) })
            return
        }
        func table(_ inputs: Tensor) -> Tensor {
            inputs.reshape([inputs.shape[0], inputs.count / max(1, inputs.shape[0])])
        }
        let rows = table(inputs)
        let width = rows.shape[1]
        let numbers = rows.to(.float64).toArray(as: Double.self)
        let list = (0..<rows.shape[0]).map { Array(numbers[$0 * width..<($0 + 1) * width]) }
        self = .rows(list, RowPrints(table(try training.all().input)))
    }

    /// Numbers from the least to the greatest of the training's as bytes.
    private static func bytes(_ inputs: Tensor, rangeOf training: Tensor) -> Tensor {
        let (low, high) = (training.min().item(), training.max().item())
        let scale = high > low ? 255 / (high - low) : 1
        return ((inputs.to(.float32) - low) * scale).clamp(min: 0, max: 255).round().to(.uint8)
    }

    /// Pairs of an example and one of another part that is the same, by their positions.
    func pairs(with other: ExamplePrints) -> [(Int, Int)] {
        switch (self, other) {
        case (.images(let own), .images(let others)): Duplicates.pairs(own, others)
        case (.rows(let own, let prints), .rows(let others, _)): prints.pairs(own, others)
        default: []
        }
    }

    /// Pairs of two examples that are the same and of different classes, by their positions.
    func conflicts(_ classes: [Int]) -> [(Int, Int)] {
        switch self {
        case .images(let prints): Duplicates.conflicts(prints, classes)
        case .rows(let rows, let prints): prints.conflicts(rows, classes)
        }
    }
}
