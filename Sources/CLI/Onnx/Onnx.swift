import ArgumentParser

/// `switchback onnx`.
struct Onnx: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "onnx",
        abstract: "Inspect and run ONNX models.",
        discussion: """
            EXAMPLES
              switchback onnx check model.onnx
              switchback onnx run model.onnx --input x=input.npy --output results
            """,
        subcommands: [OnnxCheck.self, OnnxRun.self])
}
