import ArgumentParser
import Switchback
import SwitchbackVision

/// A task of the YOLO family on the command line: all have the same commands.
protocol YOLOCommand: ParsableCommand {
    static var task: YOLOTask { get }
}

extension YOLOCommand {
    fileprivate static var subcommands: [any ParsableCommand.Type] {
        [
            YOLOTrain<Self>.self, YOLOVal<Self>.self, YOLOPredict<Self>.self, YOLOBenchmark<Self>.self,
            YOLOQuantize<Self>.self, YOLOExport<Self>.self,
        ]
    }
}

/// `switchback detect`.
struct Detect: YOLOCommand {
    static let task = YOLOTask.detect

    static let configuration = CommandConfiguration(
        commandName: "detect",
        abstract: "Object detection with YOLO11 and YOLO26.",
        discussion: """
            EXAMPLES
              switchback detect train --data coco8.yaml --model yolo11n --epochs 100 \\
                --imgsz 640
              switchback detect val --model runs/detect/train --data coco8.yaml
              switchback detect predict --model runs/detect/train bus.jpg
              switchback detect export runs/detect/train

            Options have Ultralytics' names: imgsz=640 becomes --imgsz 640.
            """,
        subcommands: subcommands)
}

/// `switchback segment`.
struct Segment: YOLOCommand {
    static let task = YOLOTask.segment

    static let configuration = CommandConfiguration(
        commandName: "segment",
        abstract: "Instance segmentation, a mask for each object, with YOLO11 and YOLO26.",
        discussion: """
            EXAMPLES
              switchback segment train --data coco8-seg.yaml --model yolo11n-seg \\
                --epochs 100 --imgsz 640
              switchback segment val --model runs/segment/train --data coco8-seg.yaml
              switchback segment predict --model runs/segment/train bus.jpg --save-json
              switchback segment export runs/segment/train

            The data has outlines: a row of a label file is a class and the corners of a polygon, x1 y1 x2 y2 and so on, in \
            fractions of the image. COCO annotations have them as polygons or run lengths.
            """,
        subcommands: subcommands)
}

/// `switchback pose`.
struct Pose: YOLOCommand {
    static let task = YOLOTask.pose

    static let configuration = CommandConfiguration(
        commandName: "pose",
        abstract: "Keypoints of objects, such as joints of persons, with YOLO11 and YOLO26.",
        discussion: """
            EXAMPLES
              switchback pose train --data coco8-pose.yaml --model yolo11n-pose --epochs 100 \\
                --imgsz 640
              switchback pose val --model runs/pose/train --data coco8-pose.yaml
              switchback pose predict --model runs/pose/train bus.jpg --save-json
              switchback pose export runs/pose/train

            The data file says how many keypoints there are, kpt_shape: [17, 3], and which of them change places in a mirror \
            image, flip_idx. A row of a label file is a class, a box, and x, y and visibility of each keypoint.
            """,
        subcommands: subcommands)
}

/// `switchback obb`.
struct OrientedBoxes: YOLOCommand {
    static let task = YOLOTask.obb

    static let configuration = CommandConfiguration(
        commandName: "obb",
        abstract: "Detection of oriented bounding boxes with YOLO11 and YOLO26.",
        discussion: """
            EXAMPLES
              switchback obb train --data dota8.yaml --model yolo11n-obb --epochs 100 \\
                --imgsz 1024
              switchback obb val --model runs/obb/train --data dota8.yaml
              switchback obb predict --model runs/obb/train ships.jpg --save-json
              switchback obb export runs/obb/train

            A row of a label file is a class and the four corners of a box, x1 y1 x2 y2 x3 y3 x4 y4, in fractions of the \
            image. Other polygons stand for the smallest box around them.
            """,
        subcommands: subcommands)
}

extension YOLOTask {
    /// The smallest network, for examples and defaults.
    var smallest: String { YOLOVariant(.yolo11, .n, self).description }
    /// A file of data, for examples.
    var exampleData: String {
        switch self {
        case .detect: "coco8"
        case .segment: "coco8-seg"
        case .pose: "coco8-pose"
        case .obb: "dota8"
        }
    }

    /// Throws where DOTA's result files are wanted of a task that has no oriented boxes.
    func checkDOTA(_ isWanted: Bool) throws {
        if isWanted && self != .obb {
            throw ValidationError("--save-dota is for oriented boxes, which switchback obb finds")
        }
    }

    /// What its data has of each object.
    var objectNoun: String {
        switch self {
        case .detect: "box"
        case .segment: "outline"
        case .pose: "pose"
        case .obb: "oriented box"
        }
    }

    /// What data can be given.
    var dataHelp: String {
        switch self {
        case .detect: "A data.yaml, a COCO .json, or a folder with COCO or Pascal VOC annotations."
        case .pose: "A data.yaml with kpt_shape."
        case .segment, .obb: "A data.yaml, a COCO .json, or a folder with COCO annotations."
        }
    }

    /// What models can be given by name.
    var modelNames: String {
        self == .detect
            ? "yolo11 or yolo26 with n, s, m, l or x" : "yolo11 or yolo26 with n, s, m, l or x and \(suffix)"
    }
}

extension Value {
    /// The name of a model of a task, or a path of weights.
    static func network(_ task: YOLOTask) -> @Sendable (String) throws -> String {
        { text in
            do {
                return try YOLOVariant(unlessPath: text, for: task)?.description ?? text
            } catch let error as InputError {
                throw ValidationError([error.problem, error.remedy].compactMap { $0 }.joined(separator: "; "))
            }
        }
    }
}
