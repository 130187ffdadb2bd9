import ArgumentParser
import Switchback
import SwitchbackVision

/// `switchback detect`.
struct Detect: ParsableCommand {
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
        subcommands: [
            DetectTrain.self, DetectVal.self, DetectPredict.self, DetectBenchmark.self, DetectExport.self,
        ])
}

extension Value {
    /// The name of a model, or a path of weights.
    static func detector(_ text: String) throws -> String {
        do {
            return try YOLOVariant(unlessPath: text)?.description ?? text
        } catch let error as InputError {
            throw ValidationError([error.problem, error.remedy].compactMap { $0 }.joined(separator: "; "))
        }
    }
}
