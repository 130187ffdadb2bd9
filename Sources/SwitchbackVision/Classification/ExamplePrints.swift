import Switchback

/// What examples of two parts are compared by: images by how they look, rows of tables by their numbers.
enum ExamplePrints {
    case images([Duplicates.Print?])
    case rows([[Double]], RowPrints)

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

/// Makes the prints of the parts of some data. The examples for training are read once, for their own prints and for the
/// range and the deviations that the numbers of all parts are measured by.
struct ExamplePrinter {
    /// Of the examples for training.
    let training: ExamplePrints
    private let make: (ClassificationExamples) throws -> ExamplePrints

    /// Arrays of images that are smaller say too little when they are made smaller still.
    private static let smallestSide = 12

    init(_ training: ClassificationExamples) throws {
        if training.imagePaths != nil {
            make = { Self.prints(ofFiles: $0.imagePaths ?? []) }
            self.training = try make(training)
            return
        }
        let inputs = try training.all().input
        let ofInputs = Self.areImages(inputs) ? Self.imagePrinter(inputs) : Self.rowPrinter(inputs)
        make = { try ofInputs($0.all().input) }
        self.training = ofInputs(inputs)
    }

    /// All examples are read; of files that cannot be decoded there is a warning.
    func prints(of examples: ClassificationExamples) throws -> ExamplePrints { try make(examples) }

    private static func areImages(_ inputs: Tensor) -> Bool {
        let shape = inputs.shape
        return shape.count == 4 && min(shape[2], shape[3]) >= smallestSide
            && Image.ColorModel(rawValue: shape[1]) != nil
    }

    private static func prints(ofFiles paths: [String]) -> ExamplePrints {
        let (prints, problems) = Duplicates.prints(of: paths)
        for problem in problems { Diagnostics.warn("\(problem)") }
        return .images(prints)
    }

    /// Numbers become bytes, from the least to the greatest of the training's.
    private static func imagePrinter(_ training: Tensor) -> (Tensor) -> ExamplePrints {
        let areBytes = training.dtype == .uint8
        let (low, high) = areBytes ? (0, 255) : (training.min().item(), training.max().item())
        let scale = high > low ? 255 / (high - low) : 1
        return { inputs in
            let bytes =
                inputs.dtype == .uint8
                ? inputs : ((inputs.to(.float32) - low) * scale).clamp(min: 0, max: 255).round().to(.uint8)
            let images = (0..<inputs.shape[0]).map { Image(bytes.select(dim: 0, index: $0)) }
            return .images(ImageSurvey.map(images) { Duplicates.Print($0) })
        }
    }

    private static func rowPrinter(_ training: Tensor) -> (Tensor) -> ExamplePrints {
        func table(_ inputs: Tensor) -> Tensor {
            inputs.reshape([inputs.shape[0], inputs.count / max(1, inputs.shape[0])])
        }
        let prints = RowPrints(table(training))
        return { inputs in
            let rows = table(inputs)
            let width = rows.shape[1]
            let numbers = rows.to(.float64).toArray(as: Double.self)
            return .rows((0..<rows.shape[0]).map { Array(numbers[$0 * width..<($0 + 1) * width]) }, prints)
        }
    }
}
