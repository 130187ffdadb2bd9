import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// The description of a detector in its weights file.
public struct DetectorFile: Codable, Equatable, Sendable {
    /// `yolo11n`.
    public let variant: String
    /// The class names, by index.
    public let names: [String]
    /// The side of the input that it was trained with, in pixels.
    public let imgsz: Int
    /// The keypoints of a pose network.
    public let keypoints: KeypointLayout?

    public init(variant: String, names: [String], imgsz: Int, keypoints: KeypointLayout? = nil) {
        (self.variant, self.names, self.imgsz, self.keypoints) = (variant, names, imgsz, keypoints)
    }

    init(of detector: YOLO, imgsz: Int) {
        self.init(
            variant: "\(detector.variant)", names: detector.classes, imgsz: imgsz, keypoints: detector.keypoints)
    }

    private static let key = "switchback.detector"
    /// Has as many numbers as there are classes.
    private static let classBias = "model.23.cv3.0.2.bias"

    /// The metadata to save with the weights.
    public var metadata: [String: String] {
        ["format": "pt", Self.key: (try? JSON.text(self)) ?? ""]
    }

    /// A detector and what its file says.
    public struct Loaded {
        public let detector: YOLO
        public let imgsz: Int

        public init(detector: YOLO, imgsz: Int) {
            self.detector = detector
            self.imgsz = imgsz
        }
    }

    /// Reads a network that was saved: a `.safetensors` file of ours, one of weights under Ultralytics' names alone,
    /// whose classes are then numbers, or a `.pt` file of Ultralytics'. The folder of a run stands for its best
    /// weights.
    ///
    /// - Parameter task: what the network must be for; any task if `nil`.
    /// - Throws: `InputError` where the file cannot be read or holds no network of the task.
    public static func load(_ path: String, for task: YOLOTask? = .detect) throws -> Loaded {
        guard FileManager.default.fileExists(atPath: path) else {
            throw InputError(path, "there is no such file", remedy: hint(for: path))
        }
        let path = try RunFolder.weightFile(path)
        let (described, tensors, quantization) =
            try WeightFile.isPyTorch(path) ? readPyTorch(path) : readSafetensors(path)
        let variant = try YOLOVariant(named: described.variant)
        if let task, variant.task != task {
            throw InputError(
                path, "it holds a \(variant.task.networkName), \(variant), and \(task) needs a \(task.networkName)",
                remedy: "use switchback \(variant.task)")
        }
        let detector = YOLO(variant, classes: described.names, keypoints: described.keypoints)
        do {
            try detector.load(stateDict: tensors)
        } catch let error as InputError {
            throw InputError(
                path, at: error.place, error.problem, remedy: "the file is damaged, or not of \(described.variant)")
        }
        detector.eval()
        if let quantization { try detector.take(quantization, from: path) }
        return Loaded(detector: detector, imgsz: described.imgsz)
    }

    /// The remedy if a missing file looks like published weights.
    private static func hint(for path: String) -> String? {
        let stem = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        guard (try? YOLOVariant(named: stem)) != nil else { return nil }
        return "Switchback includes no pretrained weights; --model \(stem) starts from random ones"
    }

    private typealias Contents = (DetectorFile, [String: Tensor], Quantization?)

    private static func readSafetensors(_ path: String) throws -> Contents {
        let contents = try Safetensors.read(path)
        let (quantization, tensors) = try Quantization.taken(from: contents, path)
        guard let text = contents.metadata[key] else {
            return (try inferred(from: tensors, path), tensors, quantization)
        }
        guard let file = JSON.value(DetectorFile.self, text) else {
            throw InputError(path, at: "metadata \(key)", "it does not describe a detector")
        }
        if let problem = YOLO.sides.problem(with: Double(file.imgsz), isWhole: true) {
            throw InputError(path, at: "metadata \(key)", "imgsz is \(file.imgsz); \(problem)")
        }
        // Before memory is set aside for a model of so many classes.
        guard contents.tensors[classBias]?.count == file.names.count else {
            throw InputError(
                path, at: "metadata \(key)",
                "it names \(file.names.count.counted("class")), which does not fit the tensor \(classBias)")
        }
        return (file, tensors, quantization)
    }

    private static func readPyTorch(_ path: String) throws -> Contents {
        let found = try UltralyticsCheckpoint(path)
        return (
            try inferred(
                from: found.tensors, names: found.classNames, imgsz: found.imgsz, keypointShape: found.keypointShape,
                path),
            found.tensors, nil
        )
    }

    /// What the shapes of the tensors tell.
    private static func inferred(
        from tensors: [String: Tensor], names: [String]? = nil, imgsz: Int? = nil, keypointShape: [Int]? = nil,
        _ path: String
    ) throws -> DetectorFile {
        if let other = OtherNetwork.name(tensors) {
            throw InputError(path, "it holds \(other), which is not supported: a YOLO11 or YOLO26 network is needed")
        }
        guard let classBias = tensors[classBias] else {
            throw InputError(path, "it is not a YOLO11 or YOLO26 network: the tensor \(classBias) is missing")
        }
        let names = names ?? (0..<classBias.count).map(String.init)
        guard names.count == classBias.count else {
            throw InputError(
                path, "it names \(names.count.counted("class")), and its tensors are for \(classBias.count)")
        }
        let shapes = tensors.mapValues(\.shape)
        let task = OtherNetwork.supportedTask(ofHead: "model.23", tensors) ?? .detect
        let variants = YOLOVariant.all(for: task)
        let keypoints = task == .pose ? OtherNetwork.keypoints(tensors, keypointShape) : nil
        for variant in variants where variant.widthMatches(shapes) {
            let own = YOLO(variant, classes: names, keypoints: keypoints).stateDict().mapValues(\.shape)
            if own == shapes.filter({ own[$0.key] != nil }) {
                return DetectorFile(variant: "\(variant)", names: names, imgsz: imgsz ?? 640, keypoints: keypoints)
            }
        }
        throw InputError(path, "its tensors fit none of \(variants.map(\.description).joined(separator: ", "))")
    }
}

extension YOLOVariant {
    /// Whether the first filters are as many as this variant's, and the heads as many.
    fileprivate func widthMatches(_ shapes: [String: Shape]) -> Bool {
        let isEndToEnd = shapes.keys.contains { $0.contains("one2one_cv2") }
        return isEndToEnd == self.isEndToEnd && shapes["model.0.conv.weight"]?.first == firstChannels
    }
}

/// Networks of Ultralytics that are not supported, by the names of their tensors.
enum OtherNetwork {
    /// What the tensors belong to, in words; `nil` if they look like those of a supported network, or of nothing known.
    static func name(_ tensors: [String: Tensor]) -> String? {
        let names = tensors.keys
        func has(_ prefix: String) -> Bool { names.contains { $0.hasPrefix(prefix) } }
        if has("model.9.linear.") || has("model.10.linear.") { return "a YOLO classifier" }
        // The last layer is the head; by its number the families are told apart.
        let older = [
            (24, "YOLOv5", ["cv3.", "m.0."]), (22, "YOLOv8 or YOLOv9", ["cv3."]), (21, "YOLO12", ["cv3."]),
        ].first { number, _, parts in parts.contains { has("model.\(number).\($0)") } }
        let head = "model.\(older?.0 ?? 23)"
        if older == nil, supportedTask(ofHead: head, tensors) != nil { return nil }
        if let task = task(ofHead: head, tensors) { return "a \(older?.1 ?? "YOLO") network for \(task)" }
        return older.map { "a \($0.1) network" }
    }

    /// The task that a head is for, if it is one of ours beside detection: by its masks' prototypes, or its angle.
    static func supportedTask(ofHead head: String, _ tensors: [String: Tensor]) -> YOLOTask? {
        if tensors.keys.contains(where: { $0.hasPrefix("\(head).proto.") }) { return .segment }
        if tensors["\(head).cv4.0.2.bias"]?.count == 1 { return .obb }
        return tensors.keys.contains { $0.hasPrefix("\(head).cv4.") } ? .pose : nil
    }

    /// The keypoints of a pose network: as its file says, else by its numbers: 3 for each keypoint, if that is possible.
    static func keypoints(_ tensors: [String: Tensor], _ shape: [Int]?) -> KeypointLayout? {
        let bias = tensors["model.23.cv4_kpts.0.bias"] ?? tensors["model.23.cv4.0.2.bias"]
        guard let count = bias?.count else { return nil }
        if let shape, shape.count == 2, (2...3).contains(shape[1]), shape[0] > 0, shape[0] * shape[1] == count {
            return KeypointLayout(count: shape[0], dimensions: shape[1])
        }
        let deviations = tensors["model.23.cv4_sigma.0.bias"]?.count
        let points = deviations.map { $0 / 2 } ?? (count % 3 == 0 ? count / 3 : count / 2)
        return points > 0 && (2...3).contains(count / points)
            ? KeypointLayout(count: points, dimensions: count / points) : nil
    }

    /// What a head predicts beside boxes and classes: by its masks' prototypes, its angle or its keypoints.
    private static func task(ofHead head: String, _ tensors: [String: Tensor]) -> String? {
        switch supportedTask(ofHead: head, tensors) {
        case .segment: return "segmentation"
        case .obb: return "oriented boxes"
        case .pose: return "poses"
        default: return nil
        }
    }
}
