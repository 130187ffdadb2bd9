import ArgumentParser
import Switchback
import SwitchbackTraining

/// `switchback classify MODE`.
struct Classify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Tells classes apart: images or rows of numbers.",
        discussion: """
            EXAMPLES
              switchback classify train --data digits
              switchback classify val --weights runs/classify/train/weights/best.safetensors --data digits
              switchback classify predict --weights runs/classify/train/weights/best.safetensors digits
            """,
        subcommands: [ClassifyTrain.self, ClassifyVal.self, ClassifyPredict.self])
}

/// How labels are understood.
struct LabelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The column of labels in a table.", valueName: "column"))
    var label: String?

    @Option(
        help: ArgumentHelp("The number of classes, where labels are numbers.", valueName: "n"),
        transform: Value.positiveInteger)
    var classes: Int?
}

/// Where examples with classes come from.
struct DataOptions: ParsableArguments {
    static let help =
        "A folder of idx files, a .csv, a .npz, a .safetensors, or the word digits for the built-in images."

    @Option(help: ArgumentHelp("\(help)", valueName: "path"))
    var data: String

    @OptionGroup var labels: LabelOptions

    func load() throws -> ClassificationData {
        try ClassificationData.load(data, label: labels.label, classCount: labels.classes)
    }
}

extension ClassificationData {
    /// What was recognised, in one line.
    var summary: String {
        let train = training.map { "\($0.count.grouped) to train with, " } ?? ""
        return "\(path): \(kind); \(train)\(heldOut.count.grouped) held out, of shape \(inputShape), "
            + "\(classNames.count) classes"
    }
}
