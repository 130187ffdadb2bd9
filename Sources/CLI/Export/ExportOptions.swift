import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats

/// The options of every `export`: the format and the destination.
struct ExportOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "\(ExportFormat.names). (default: from --output's extension, or onnx)", valueName: "format"),
        transform: { try Value.choice($0) })
    var format: ExportFormat?

    @Option(help: ArgumentHelp("The file to write. (default: beside the weights)", valueName: "file"))
    var output: String?

    private struct Result: Encodable {
        let task: String
        let mode = "export"
        let format, output: String
        let bytes: Int
    }

    /// The format that was named, or that the file's name names.
    private func chosenFormat() throws -> ExportFormat {
        let ending = output.map { ($0 as NSString).pathExtension.lowercased() } ?? ""
        let meant = ExportFormat(rawValue: ending)
        if let format, meant == nil || meant == format { return format }
        if let format { throw UsageError("--output ends in .\(ending), and --format is \(format.rawValue)") }
        guard ending.isEmpty || meant != nil else {
            let hint = CommandNames.suggestion(for: ending, among: ExportFormat.allCases.map(\.rawValue))
            throw UsageError("--output ends in .\(ending), which is not a known format; \(hint)")
        }
        return meant ?? .onnx
    }

    /// Writes the file with `write` and says so.
    ///
    /// - Parameters:
    ///   - source: the file that the weights were read from.
    ///   - onlyONNX: an option that was given and has no meaning for other formats.
    func run(
        _ task: String, from source: String, onlyONNX: String? = nil, _ common: CommonOptions,
        _ write: (ExportFormat, String) throws -> Void
    ) throws {
        let format = try chosenFormat()
        if let onlyONNX, format != .onnx {
            throw UsageError("\(onlyONNX) is for onnx, and the format is \(format.rawValue)")
        }
        let path = output ?? (source as NSString).deletingPathExtension + ".\(format.rawValue)"
        guard (path as NSString).standardizingPath != (source as NSString).standardizingPath else {
            throw InputError(path, "is the weights file itself", remedy: "choose another file with --output")
        }
        try write(format, path)
        let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        try Terminal.print("Wrote \(path) (\((Double(bytes) / 1e6).formatted(1)) MB)")
        if common.json {
            try Terminal.printJSON(Result(task: task, format: format.rawValue, output: path, bytes: bytes))
        }
    }
}

/// The weights of a run, or a file of weights.
struct WeightsArgument: ParsableArguments {
    @Argument(help: .runOrFile)
    var source: String
}
