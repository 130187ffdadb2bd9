import ArgumentParser
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// `switchback onnx check`.
struct OnnxCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check whether a model is supported, and show its inputs and outputs.",
        discussion: """
            EXAMPLES
              switchback onnx check model.onnx
              switchback onnx check model.onnx --json
            """)

    @Argument(help: ArgumentHelp("An ONNX file.", valueName: "file"))
    var file: String

    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        let task = "onnx"
        let mode = "check"
        let file: String
        let operatorSet, nodes, parameters: Int
        let inputs, outputs: [String]
        let operators: [String: Int]
    }

    func run() throws {
        common.apply()
        let model = try ONNXModel(file)
        let report = Report(
            file: file, operatorSet: model.operatorSet, nodes: model.operatorCounts.values.reduce(0, +),
            parameters: model.parameters.reduce(0) { $0 + $1.count }, inputs: model.inputNames,
            outputs: model.outputNames,
            operators: model.operatorCounts)
        if common.json { return try Terminal.printJSON(report) }
        try Terminal.print("\(file): can be run; version \(report.operatorSet) of ONNX's operators")
        try Terminal.print("inputs      \(report.inputs.joined(separator: ", "))")
        try Terminal.print("outputs     \(report.outputs.joined(separator: ", "))")
        try Terminal.print("nodes       \(report.nodes.grouped)")
        try Terminal.print("parameters  \(report.parameters.grouped)")
        let operators = report.operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        try Terminal.print(TextTable(["operator", "nodes"], operators.map { [$0.key, "\($0.value)"] }).text)
    }
}
