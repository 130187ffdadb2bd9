import Switchback
import SwitchbackFormats

/// An Ultralytics `.pt` file: a model as Python objects, none of which is executed, with its class names and training
/// options.
struct UltralyticsCheckpoint {
    let tensors: [String: Tensor]
    /// The names of the classes by their number, where they are there.
    let classNames: [String]?
    /// The side of the input that the model was trained with, where it is known and can be used.
    let imgsz: Int?
    /// The number of keypoints, and of the numbers of each, of a pose network.
    let keypointShape: [Int]?

    /// Throws `InputError` if the file cannot be read or holds no tensors by name.
    init(_ path: String) throws {
        tensors = try PyTorch.stateDict(path)
        let checkpoint = try PyTorch.load(path, objects: .records)
        classNames = ["model", "ema"].lazy.compactMap { checkpoint[$0]?["names"]?.texts }.first
        keypointShape = ["model", "ema"].lazy.compactMap { checkpoint[$0]?["yaml"]?["kpt_shape"]?.integers }.first
        let side = checkpoint["train_args"]?["imgsz"]?.integer ?? 0
        imgsz = (YOLO.stride...8192).contains(side) && side % YOLO.stride == 0 ? side : nil
    }
}

extension PyTorch.Value {
    fileprivate var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    fileprivate var text: String? { if case .text(let value) = self { value } else { nil } }

    fileprivate var integers: [Int]? { if case .list(let values) = self { values.compactMap(\.integer) } else { nil } }

    /// The texts of a list, or of a dictionary whose keys are 0, 1, ….
    fileprivate var texts: [String]? {
        switch self {
        case .list(let elements):
            let texts = elements.compactMap(\.text)
            return texts.count == elements.count && !texts.isEmpty ? texts : nil
        case .dictionary(let members):
            let texts = (0..<members.count).compactMap { number in
                members.first { $0.key.integer == number }?.value.text
            }
            return texts.count == members.count && !texts.isEmpty ? texts : nil
        default: return nil
        }
    }
}
