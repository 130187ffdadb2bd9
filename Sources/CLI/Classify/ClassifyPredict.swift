import ArgumentParser
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// `switchback classify predict`.
struct ClassifyPredict: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Predict the class of each input.",
        discussion: """
            EXAMPLES
              switchback classify predict --model runs/classify/train digits
              switchback classify predict \\
                --model best.safetensors image.npy more-images.npz
              switchback classify predict --model best.safetensors flowers.csv --json
              switchback classify predict --model best.safetensors chest.jpg --explain
              switchback classify predict --model best.safetensors images/cats
              switchback classify predict --model google/vit-base-patch16-224 cat.jpg \\
                --imgsz 384
            """)

    @OptionGroup var classifier: ClassifierOptions

    @Argument(
        help: ArgumentHelp(
            "Images, folders of images, or files with one or more inputs: .npy, .npz, .safetensors, .csv or idx; or "
                + "'digits'.",
            valueName: "input"))
    var inputs: [String]

    @Flag(
        help: """
            Show what each prediction is based on: input gradients and Grad-CAM, for the first \
            \(ClassifyPredict.explainedCount) images of each file.
            """)
    var explain = false

    @OptionGroup var results: ResultFolderOptions
    @OptionGroup var common: CommonOptions

    private static let explainedCount = 8

    private struct Row: Encodable {
        let input: String
        /// Which of the file's examples it is, counted from 0.
        let index: Int
        let `class`: String
        let probability: Double
    }

    private struct Result: Encodable {
        let task = "classify"
        let mode = "predict"
        let predictions: [Row]
        /// Where the explanations are.
        let folder: String?
    }

    func run() throws {
        common.apply()
        let classifier = try self.classifier.load(ModelFolder.path(self.classifier.model))
        // All are read before anything is printed: a bad file is noticed at once.
        let examples = try inputs.flatMap(ImageSource.files).map { ($0, try classifier.readInputs($0)) }
        var rows: [Row] = []
        for (path, inputs) in examples {
            for (index, prediction) in try classifier.predict(inputs).enumerated() {
                let row = Row(
                    input: path, index: index, class: prediction.className, probability: prediction.probability)
                let place = inputs.size(0) == 1 ? path : "\(path)[\(index)]"
                try Terminal.print("\(place)  \(row.class)  \(row.probability.percent)")
                rows.append(row)
            }
        }
        let folder = explain ? try draw(examples, classifier) : nil
        if common.json { try Terminal.printJSON(Result(predictions: rows, folder: folder)) }
    }

    /// Draws the explanations, one image per file.
    private func draw(_ examples: [(String, Tensor)], _ classifier: Classifier) throws -> String {
        let folder = try results.make(task: "classify")
        defer { OutputFolder.removeIfEmpty(folder) }
        var names = FileNames()
        for (path, inputs) in examples {
            let first = inputs[0..<min(Self.explainedCount, inputs.size(0))]
            let file = Folder.join(folder, names.name(for: path) + ".png")
            try classifier.explain(first).figure(title: path).write(to: file)
        }
        try Terminal.print("Explanations are in \(folder)")
        return folder
    }
}
