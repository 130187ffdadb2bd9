import Switchback

/// Inputs with a class each: arrays in memory, or files of images that are read one by one.
public struct ClassificationExamples: Dataset {
    private enum Source {
        case arrays(Tensor)
        /// The shorter side is scaled to `size`, and the middle is cut out; or all of the image is stretched to it.
        case images(ImageFiles, size: Int, Stretching? = nil)
    }

    private let source: Source
    /// The class of each.
    public let classes: [Int]

    /// Inputs [N, C, H, W] or [N, columns], and classes [N].
    public init(_ arrays: TensorDataset) {
        source = .arrays(arrays.inputs)
        classes = arrays.targets.toArray(as: Int.self)
    }

    /// Images in files; as inputs they are RGB, of `size` × `size` pixels.
    public init(images paths: [String], classes: [Int], size: Int) {
        require(
            paths.count == classes.count, "ClassificationExamples",
            "\(paths.count) images have \(classes.count) classes")
        source = .images(ImageFiles(paths, cacheBytes: 1 << 29), size: size)
        self.classes = classes
    }

    private init(_ source: Source, classes: [Int]) {
        self.source = source
        self.classes = classes
    }

    /// The same inputs with other numbers for their classes: of the class c, `positions[c]`.
    func renumbered(_ positions: [Int]) -> ClassificationExamples {
        ClassificationExamples(source, classes: classes.map { positions[$0] })
    }

    /// The same images, prepared otherwise; arrays stay as they are.
    func stretched(_ stretching: Stretching?) -> ClassificationExamples {
        guard case .images(let files, let size, _) = source else { return self }
        return ClassificationExamples(.images(files, size: size, stretching), classes: classes)
    }

    public var count: Int { classes.count }

    /// The shape of one input: [C, H, W] or [columns].
    public var inputShape: Shape {
        switch source {
        case .arrays(let inputs): Shape(inputs.shape.dropFirst())
        case .images(_, let size, _): [3, size, size]
        }
    }

    /// The files of images; `nil` for arrays.
    public var imagePaths: [String]? {
        if case .images(let files, _, _) = source { files.paths } else { nil }
    }

    /// Where an example stands: its file, or its position in the arrays of a split.
    func place(_ index: Int, in split: DataSplit) -> String { imagePaths?[index] ?? "\(split.rawValue) \(index)" }

    /// An input as it is in the file, and its class [].
    public subscript(index: Int) -> Example {
        get throws(any Error) {
            let batch = try examples(at: [index])
            return Example(input: batch.input.select(dim: 0, index: 0), target: batch.target.select(dim: 0, index: 0))
        }
    }

    public func batch(at indices: [Int]) throws(any Error) -> Example? { try examples(at: indices) }

    /// All inputs and classes. Throws where images cannot be read.
    public func all() throws -> Example { try examples(at: Array(0..<count)) }

    /// Examples joined: inputs [N, …] and classes [N].
    func examples(at indices: [Int]) throws -> Example {
        switch source {
        case .arrays(let inputs):
            let targets = Tensor(indices.map { classes[$0] }, shape: [indices.count])
            let numbers = Tensor(indices, shape: [indices.count])
            return Example(input: inputs.indexSelect(dim: 0, index: numbers), target: targets)
        case .images(let files, let size, let stretching):
            let found = try indices.map(files.image)
            return example(found.map(\.number), found.map { $0.image.fitted(size, stretching) })
        }
    }

    /// Examples as an augmentation changes them; each draws from the generator that `generator` gives for its position.
    /// Stops unless the inputs are images.
    func augmented(
        _ indices: [Int], by augmentation: any Augmentation, generator: (Int) -> Switchback.Generator
    ) throws -> Example {
        let found = try indices.map(image)
        let images = try zip(indices, found).map { index, found in
            try augmentation(Sample(found.image), AugmentationContext(generator(index))).image
        }
        return example(found.map(\.number), images)
    }

    private func example(_ numbers: [Int], _ images: [Image]) -> Example {
        Example(input: .bytes(images: images), target: Tensor(numbers.map { classes[$0] }, shape: [numbers.count]))
    }

    /// Whether inputs are images of bytes, which augmentations can change.
    public var areImages: Bool {
        switch source {
        case .arrays(let inputs):
            inputs.rank == 4 && inputs.dtype == .uint8 && Image.ColorModel(rawValue: inputs.shape[1]) != nil
        case .images: true
        }
    }

    private func image(_ index: Int) throws -> (number: Int, image: Image) {
        switch source {
        case .arrays(let inputs): (index, Image(inputs.select(dim: 0, index: index)))
        case .images(let files, _, _): try files.image(index)
        }
    }

    /// How many inputs are looked at for their mean and variance, where they have to be read from files.
    private static let normalizationSample = 512

    /// The mean and variance of the inputs; of images in files, of some of them.
    func normalization() throws -> Normalization {
        switch source {
        case .arrays(let inputs): return Normalization(of: inputs)
        case .images:
            let step = max(1, count / ClassificationExamples.normalizationSample)
            return Normalization(of: try examples(at: Array(stride(from: 0, to: count, by: step))).input)
        }
    }
}
