import ArgumentParser
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision

/// `switchback onnx run`.
struct OnnxRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a model on NumPy arrays.",
        discussion: """
            EXAMPLES
              switchback onnx run model.onnx --input x=input.npy
              switchback onnx run model.onnx --input a=a.npy --input b=b.npy --output results
            """)

    @Argument(help: ArgumentHelp("An ONNX file.", valueName: "file"))
    var file: String

    @Option(
        help: ArgumentHelp(
            "An .npy file for an input; the name can be omitted if there is only one. Can be given several times.",
            valueName: "name=file"))
    var input: [String] = []

    @Option(help: ArgumentHelp("A folder for the outputs, as .npy files.", valueName: "folder"))
    var output: String?

    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        struct Output: Encodable {
            let name, type: String
            let shape: [Int]
            let least, mean, most: Double?
        }

        let task = "onnx"
        let mode = "run"
        let outputs: [Output]
        let folder: String?
        let milliseconds: Double
    }

    func run() throws {
        common.apply()
        let model = try ONNXModel(file)
        let inputs = try inputs(of: model)
        let start = ContinuousClock.now
        let results = try noGrad { try model.run(inputs) }
        let seconds = start.duration(to: .now) / .seconds(1)
        let outputs = try model.outputNames.map { name -> Report.Output in
            guard let tensor = results[name] else {
                throw InputError(file, at: "output \(name)", "nothing computes it")
            }
            if let output { try save(tensor, name, into: output) }
            return summary(tensor, name)
        }
        let rows = outputs.map { output in
            [output.name, output.type, "\(Shape(output.shape))"]
                + [output.least, output.mean, output.most].map { $0.map { $0.formatted(6) } ?? "" }
        }
        if common.json {
            try Terminal.printJSON(Report(outputs: outputs, folder: output, milliseconds: seconds * 1000))
        } else {
            try Terminal.print(TextTable(["output", "type", "shape", "least", "mean", "most"], rows).text)
            try Terminal.print("It took \((seconds * 1000).formatted(1)) ms.")
        }
    }

    private func inputs(of model: ONNXModel) throws -> [String: Tensor] {
        var inputs: [String: Tensor] = [:]
        for entry in input {
            let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
            let name = parts.count == 2 ? parts[0] : model.inputNames.count == 1 ? model.inputNames[0] : ""
            guard let file = parts.last, model.inputNames.contains(name), inputs[name] == nil else {
                throw UsageError("--input is \(entry); \(CommandNames.suggestion(for: name, among: model.inputNames))")
            }
            inputs[name] = try NumPy.load(file)
        }
        if let missing = model.inputNames.first(where: { inputs[$0] == nil }) {
            throw UsageError("the input \(missing) of \(file) is missing; give --input \(missing)=FILE.npy")
        }
        return inputs
    }

    private func save(_ tensor: Tensor, _ name: String, into folder: String) throws {
        try OutputFolder.make(folder)
        // Names of outputs may look like paths.
        try NumPy.save(tensor, to: Folder.join(folder, name.replacing("/", with: "_") + ".npy"))
    }

    private func summary(_ tensor: Tensor, _ name: String) -> Report.Output {
        let numbers = tensor.dtype == .bool || tensor.count == 0 ? nil : tensor.to(.float64)
        return Report.Output(
            name: name, type: "\(tensor.dtype)", shape: Array(tensor.shape),
            least: numbers?.amin().item(as: Double.self), mean: numbers?.mean().item(as: Double.self),
            most: numbers?.amax().item(as: Double.self))
    }
}
