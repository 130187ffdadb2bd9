import ArgumentParser
import SwitchbackDrawing
import SwitchbackFormats
import SwitchbackVision

/// `switchback data check`.
struct DataCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a data set: count images and objects, list every problem.",
        discussion: """
            EXAMPLES
              switchback data check bccd/bccd.yaml
              switchback data check VOCdevkit/VOC2012 --labels labels.png
              switchback data check coco8-pose.yaml --task pose

            The exit code is 1 if anything is unusable: a damaged image, an invalid label, no labels at all.
            """)

    @Argument(
        help: ArgumentHelp(
            "A data.yaml, a COCO .json, a folder with COCO or Pascal VOC annotations, or data for classify.",
            valueName: "path"))
    var path: String

    @Option(
        help: ArgumentHelp(
            "What the data is for: \(YOLOTask.names); outlines, keypoints and corners are checked then. (default: detect)",
            valueName: "task"),
        transform: Value.choice)
    var task: YOLOTask?

    @Option(help: ArgumentHelp("Plot the positions and sizes of the boxes to a .png or .svg.", valueName: "file"))
    var labels: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        if try DetectionData.recognises(path) { return try checkDetection() }
        if try Folder.isFolder(path) && (task != nil || YOLOData.undescribedLabels(in: path) != nil) {
            return try checkDetection()
        }
        if let task { throw UsageError("--task \(task) is for images with objects, and \(path) is data for classify") }
        try checkClassification()
    }

    private func checkDetection() throws {
        let data = try DetectionData.load(path, for: task ?? .detect)
        let report = DataReport(data)
        try Terminal.print("\(path): \(report.kind), \(report.classNames.count.counted("class"))")
        for sentence in report.problems + report.remarks { try Terminal.print("  \(sentence)") }
        try show(report)
        if let labels {
            try data.labelFigure(.train).write(to: labels)
            try Terminal.print("The boxes are plotted in \(labels).")
        }
        if common.json { try Terminal.printJSON(report) }
        if !report.problems.isEmpty {
            try Terminal.print("\(report.problems.count.counted("problem")), listed above.")
            throw ExitCode.failure
        }
        try data.checkForObjects()
    }

    private func checkClassification() throws {
        let report = try ClassificationReport(ClassificationData.load(path))
        try Terminal.print("\(path): \(report.kind), \(report.classNames.count.counted("class"))")
        for part in report.parts {
            try Terminal.print("\(part.split.rawValue): \(part.examples.counted(report.noun))")
        }
        try showCounts(report.classNames, report.parts.map { ($0.split, $0.examplesByClass) })
        try show(report.duplicates, noun: report.noun)
        for conflict in report.conflicts {
            try Terminal.print("The same \(report.noun) is in two classes: \(conflict.first) and \(conflict.second)")
        }
        if common.json { try Terminal.printJSON(report) }
    }

    private var noun: String { (task ?? .detect).objectNoun }

    private func show(_ report: DataReport) throws {
        for part in report.parts {
            try Terminal.print(
                "\(part.split.rawValue): \(part.images.counted("image")), \(part.backgrounds.grouped) without objects"
                    + (part.unlabeled > 0 ? " (\(part.unlabeled.grouped) without a file of labels)" : "")
                    + "; \(part.boxes.counted(noun)), \(part.tinyBoxes.grouped) tiny")
        }
        try showCounts(report.classNames, report.parts.map { ($0.split, $0.boxesByClass) })
        if !report.unseenClasses.isEmpty {
            let names = report.unseenClasses.prefix(10).joined(separator: ", ")
            let more = report.unseenClasses.count > 10 ? " and \(report.unseenClasses.count - 10) others" : ""
            try Terminal.print("Classes without a training \(noun): \(names)\(more)")
        }
        try show(report.duplicates, noun: "image")
    }

    /// How often each class occurs in each part.
    private func showCounts(_ names: [String], _ parts: [(split: DataSplit, counts: [Int])]) throws {
        let width = names.map(\.count).max() ?? 0
        for (index, name) in names.enumerated() where parts.contains(where: { $0.counts[index] > 0 }) {
            let counts = parts.map { "\($0.split.rawValue) \($0.counts[index].grouped)" }
            let padded = name.padding(toLength: width, withPad: " ", startingAt: 0)
            try Terminal.print("  \(padded)  \(counts.joined(separator: "  "))")
        }
    }

    private func show(_ duplicates: [DataReport.Duplicate], noun: String) throws {
        // Parts may be the same folder, as in small examples.
        let shared = duplicates.filter { $0.training == $0.heldOut }
        if let first = shared.first {
            let verb = shared.count == 1 ? "is" : "are"
            try Terminal.print(
                "\(shared.count.counted(noun)) for training \(verb) also for validation or tests, such as \(first.training)"
            )
        }
        for duplicate in duplicates where duplicate.training != duplicate.heldOut {
            try Terminal.print("The same \(noun) is in both parts: \(duplicate.training) and \(duplicate.heldOut)")
        }
    }
}
