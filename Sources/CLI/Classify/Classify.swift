import ArgumentParser
import Foundation
import Switchback
import SwitchbackVision

/// `switchback classify MODE`.
struct Classify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Tells classes apart: images or rows of numbers.",
        discussion: """
            EXAMPLES
              switchback classify train --data digits
              switchback classify val --model runs/classify/train --data digits
              switchback classify predict --model runs/classify/train digits
              switchback classify export runs/classify/train
            """,
        subcommands: [ClassifyTrain.self, ClassifyVal.self, ClassifyPredict.self, ClassifyExport.self])
}

/// How labels are understood.
struct LabelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The column of labels in a table.", valueName: "column"))
    var label: String?

    @Option(
        help: ArgumentHelp("The number of classes, where labels are numbers.", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var classes: Int?
}

/// Where examples with classes come from.
struct DataOptions: ParsableArguments {
    static let help =
        "A folder of pictures by class or of idx files, a .csv, a .npz, a .safetensors, or the word digits."

    @Option(help: ArgumentHelp("\(help)", valueName: "path"))
    var data: String

    @OptionGroup var labels: LabelOptions

    /// - Parameter imageSize: the side of pictures in files; what suits them if left out.
    func load(imageSize: Int?) throws -> ClassificationData {
        try ClassificationData.load(
            data, label: labels.label, classCount: labels.classes, imageSize: imageSize)
    }
}

extension ClassificationData {
    /// What was recognised, in one line.
    var summary: String {
        let train = training.map { "\($0.count.grouped) to train with, " } ?? ""
        return "\(path): \(kind); \(train)\(heldOut.count.grouped) held out, of shape \(inputShape), "
            + classNames.count.counted("class")
    }
}

extension ClassificationMetrics {
    /// The figures of all classes in a table, and what they come to.
    func printTable() throws {
        if classNames.count <= Self.tableLimit {
            let width = max(5, classNames.map(\.count).max() ?? 0)
            let title = "class".padding(toLength: width, withPad: " ", startingAt: 0)
            try Terminal.print("  \(title)  examples  precision    recall        F1")
            for result in classes {
                let name = result.className.padding(toLength: width, withPad: " ", startingAt: 0)
                let figures = [result.precision, result.recall, result.f1].map { String(format: "%8.4f", $0) }
                let count = String(format: "%8d", result.examples)
                try Terminal.print("  \(name)  \(count)   \(figures.joined(separator: "  "))")
            }
        }
        var line = "top-1 \(top1.percent)"
        if classNames.count > 5 { line += "  top-5 \(top5.percent)" }
        if let areaUnderCurve { line += "  ROC-AUC \(areaUnderCurve.formatted(4))" }
        try Terminal.print(line + "  macro F1 \(macroF1.formatted(4))")
    }
}
