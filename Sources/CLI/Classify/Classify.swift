import ArgumentParser
import Foundation
import Switchback
import SwitchbackVision

/// `switchback classify MODE`.
struct Classify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Image and table classification.",
        discussion: """
            EXAMPLES
              switchback classify train --data digits
              switchback classify val --model runs/classify/train --data digits
              switchback classify predict --model runs/classify/train digits
              switchback classify benchmark --model runs/classify/train --data digits
              switchback classify quantize --model runs/classify/train --data digits
              switchback classify export runs/classify/train
            """,
        subcommands: [
            ClassifyTrain.self, ClassifyVal.self, ClassifyPredict.self, ClassifyBenchmark.self, ClassifyQuantize.self,
            ClassifyExport.self,
        ])
}

/// How labels are read.
struct LabelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The label column of a table.", valueName: "column"))
    var label: String?

    @Option(
        help: ArgumentHelp("The number of classes, if labels are numbers.", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var classes: Int?
}

/// A trained classifier, and the size of images that it is to read.
struct ClassifierOptions: ParsableArguments {
    @Option(help: .classifier)
    var model: String

    @Option(
        help: ArgumentHelp(
            "The image size, if it is not the one that the weights were trained with; not for every model.",
            valueName: "pixels"),
        transform: Value.integer(in: .from(1, to: 8192)))
    var imgsz: Int?

    /// Throws `InputError` where it cannot be read, or not for images of that size.
    func load(_ path: String) throws -> Classifier {
        let classifier = try Classifier.load(path)
        return try imgsz.map { try classifier.resized(to: $0) } ?? classifier
    }
}

/// Where examples with classes come from.
struct DataOptions: ParsableArguments {
    static let help =
        "A folder of images by class or of idx files, a .csv, .npz or .safetensors file, or 'digits'."

    @Option(help: ArgumentHelp("\(help)", valueName: "path"))
    var data: String

    @OptionGroup var labels: LabelOptions

    /// - Parameter imageSize: the size of images in files; chosen to suit them by default.
    func load(imageSize: Int?) throws -> ClassificationData {
        try ClassificationData.load(
            data, label: labels.label, classCount: labels.classes, imageSize: imageSize)
    }

    /// The data as a classifier takes it.
    func load(for classifier: Classifier) throws -> ClassificationData {
        try ClassificationData.load(data, labels, for: classifier)
    }
}

/// The part of the data that is evaluated.
struct HeldOutOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The split: \(DataSplit.names). (default: val, or test if there is none)", valueName: "split"),
        transform: Value.choice)
    var split: DataSplit?

    func examples(of data: ClassificationData) throws -> ClassificationExamples {
        try split.map { try data.part($0) } ?? data.heldOut
    }
}

extension ClassificationData {
    /// The data at a path as a classifier takes it.
    static func load(_ path: String, _ labels: LabelOptions, for classifier: Classifier) throws -> ClassificationData {
        let shape = classifier.configuration.inputShape
        let data = try load(
            path, label: labels.label, classCount: labels.classes, imageSize: shape.count == 3 ? shape[1] : nil
        ).suited(to: classifier.configuration)
        try classifier.checkInput(data.inputShape, of: data.path)
        return data
    }

    /// A one-line description of the data.
    var summary: String {
        let train = training.map { "\($0.count.grouped) for training, " } ?? ""
        return "\(path): \(kind); \(train)\(heldOut.count.grouped) for validation, shape \(inputShape), "
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
