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

            It also reads LabelMe's JSON files beside images, CVAT's annotations.xml (CVAT for images), and gray PNG files in \
            masks beside images: 0 is background, and other values are classes as classes.txt names them, or one \
            class where it is missing. In masks, objects of a class that touch become one.
            """)

    @Argument(
        help: ArgumentHelp(
            "A data.yaml, a COCO .json, CVAT's annotations.xml, or a folder with COCO, Pascal VOC, LabelMe or CVAT annotations or masks.",
            valueName: "path"))
    var path: String

    @Option(
        help: ArgumentHelp("\(DataFormat.names).", valueName: "format"),
        transform: Value.choice)
    var to: DataFormat

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
        let images, boxes, problems: Int
    }

    func run() throws {
        common.apply()
        let data = try DetectionData.load(path, for: task)
        data.warnOfProblems()
        try data.write(as: to, to: output, copies: !link)
        let examples = data.splits.values.flatMap { $0 }
        let result = Result(
            output: output, images: examples.count, boxes: examples.reduce(0) { $0 + $1.labels.count },
            problems: data.problems.count)
        try Terminal.print("\(output): \(result.images.counted("image")) with \(result.boxes.counted(task.objectNoun))")
        if common.json { try Terminal.printJSON(result) }
    }
}
