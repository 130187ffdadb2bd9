import ArgumentParser
import SwitchbackVision

/// `switchback data convert`.
struct DataConvert: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Convert a detection data set to another format.",
        discussion: """
            EXAMPLES
              switchback data convert VOCdevkit/VOC2012 --to yolo --output voc-yolo
              switchback data convert bccd/bccd.yaml --to coco --output bccd-coco --link
              switchback data convert instances_train.json --task segment --to yolo \\
                --output parts-yolo
              switchback data convert person_keypoints_val.json --task pose --to yolo \\
                --output persons
              switchback data convert labeled --task segment --to masks --output masks
              switchback data convert project-1.json --to yolo --output parts-yolo
              switchback data convert project-2.json --to folders --output sorted

            It also reads LabelMe's JSON files beside images, CVAT's annotations.xml (CVAT for images), what Label Studio \
            exports as JSON, and gray PNG files in masks beside images: 0 is background, and other values are classes as \
            classes.txt names them, or one class where it is missing. In masks, objects of one class that touch become one.

            Of Label Studio, the images have to lie in the folder of the file or below it, under their own names or those \
            of their uploads: nothing is fetched. Where several people have labelled an image, the annotation counts that \
            is marked as ground truth, else the one that was changed last. Choices for whole images become folders.

            For pose, keypoints are LabelMe's points in the group of an object, the points of CVAT's skeletons, or Label \
            Studio's keypoints that belong to a region.
            """)

    @Argument(
        help: ArgumentHelp(
            "A data.yaml, a COCO or Label Studio .json, CVAT's annotations.xml, or a folder with annotations of these, Pascal VOC or LabelMe, or masks.",
            valueName: "path"))
    var path: String

    @Option(
        help: ArgumentHelp(
            "\(DataFormat.names), or folders: one for each class, of Label Studio's choices.", valueName: "format"),
        transform: Target.init(named:))
    var to: Target

    @Option(
        help: ArgumentHelp(
            "What the data is for: \(YOLOTask.names); outlines are kept for segment, boxes alone for detect. (default: detect)",
            valueName: "task"),
        transform: Value.choice)
    var task = YOLOTask.detect

    @Option(help: ArgumentHelp("The folder to create.", valueName: "folder"))
    var output: String

    @Flag(help: "Hard-link the images instead of copying them, if possible.")
    var link = false

    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "data"
        let mode = "convert"
        let output: String
        let images: Int
        let boxes: Int?
        let problems: Int
    }

    func run() throws {
        common.apply()
        switch to {
        case .data(let format): try convert(to: format)
        case .folders: try sort()
        }
    }

    private func convert(to format: DataFormat) throws {
        let data = try DetectionData.load(path, for: task)
        data.warnOfProblems()
        try data.checkForObjects()
        try data.write(as: format, to: output, copies: !link)
        let examples = data.splits.values.flatMap { $0 }
        try tell(
            images: examples.count, boxes: examples.reduce(0) { $0 + $1.labels.count }, problems: data.problems.count)
    }

    private func sort() throws {
        let sorted = try SortedImages.load(path)
        sorted.warnOfProblems()
        try sorted.write(to: output, copies: !link)
        try tell(images: sorted.examples.count, boxes: nil, problems: sorted.problems.count)
    }

    private func tell(images: Int, boxes: Int?, problems: Int) throws {
        let objects = boxes.map { " with \($0.counted(task.objectNoun))" } ?? ""
        try Terminal.print("\(output): \(images.counted("image"))\(objects)")
        let result = Result(output: output, images: images, boxes: boxes, problems: problems)
        if common.json { try Terminal.printJSON(result) }
    }
}

extension DataConvert {
    /// What a data set is converted to.
    enum Target: Sendable {
        case data(DataFormat)
        /// A folder for each class.
        case folders

        init(named name: String) throws {
            if let format = DataFormat(rawValue: name) {
                self = .data(format)
            } else if name == "folders" {
                self = .folders
            } else {
                let names = DataFormat.allCases.map(\.rawValue) + ["folders"]
                throw ValidationError(CommandNames.suggestion(for: name, among: names))
            }
        }
    }
}
