import ArgumentParser
import Switchback
import SwitchbackVision

/// `switchback classify predict`.
struct ClassifyPredict: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Tells the class of each input.",
        discussion: """
            EXAMPLES
              switchback classify predict --weights runs/classify/train/weights/best.safetensors digits
              switchback classify predict --weights best.safetensors picture.npy more-pictures.npz
              switchback classify predict --weights best.safetensors flowers.csv --json
            """)

    @Option(help: ArgumentHelp("Weights that classify train saved.", valueName: "file"))
    var weights: String

    @Argument(
        help: ArgumentHelp(
            "Pictures, or files of one or more inputs: .npy, .npz, .safetensors, .csv or idx; or the word digits.",
            valueName: "input"))
    var inputs: [String]

    @OptionGroup var common: CommonOptions

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
    }

    func run() throws {
        common.apply()
        let classifier = try Classifier.load(weights)
        // All are read before anything is printed: a bad file is noticed at once.
        let examples = try inputs.map { ($0, try classifier.readInputs($0)) }
        var rows: [Row] = []
        for (path, inputs) in examples {
            for (index, prediction) in classifier.predict(inputs).enumerated() {
                let row = Row(
                    input: path, index: index, class: prediction.className, probability: prediction.probability)
                try Terminal.print("\(path)[\(index)]  \(row.class)  \(row.probability.percent)")
                rows.append(row)
            }
        }
        if common.json { try Terminal.printJSON(Result(predictions: rows)) }
    }
}
