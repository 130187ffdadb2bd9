import Switchback
import SwitchbackTraining

/// How a detector is trained. Every option has its default here. The names are those that users of Ultralytics know: a
/// property `closeMosaic` is the option `--close-mosaic` and the key `close_mosaic`.
public struct DetectionConfiguration: Configuration {
    /// The data: see `DetectionData.load`.
    public var data = ""
    /// A name such as `yolo11n`, with fresh weights; or a file of weights to go on from.
    public var model = "yolo11n"
    /// Weights to begin with, of which names and shapes that fit are taken.
    public var pretrained: String?
    /// Passes over the pictures. With `time`, they are planned only until the first one has been measured, and the optimizer
    /// `auto` goes by them.
    public var epochs = 100
    /// How many hours the training may take. As many epochs are made as fit in, in place of `epochs`, and all that depends on
    /// their number follows: see `TrainingConfiguration.minutes`.
    public var time: Double?
    /// Epochs without improvement after which the training ends.
    public var patience = 100
    /// Pictures in a batch; −1 finds the largest that fits into memory.
    public var batch = 16
    /// The side of the network's input, in pixels.
    public var imgsz = 640
    /// Threads that load and change pictures; results do not depend on it.
    public var workers = 2
    public var optimizer = "auto"
    /// What weights, order and augmentation depend on.
    public var seed: UInt64 = 0
    /// Whether all classes count as one.
    public var singleCls = false
    /// Whether the learning rate falls along a cosine instead of a line.
    public var cosLr = false
    /// How many epochs at the end are without mosaic and mixing.
    public var closeMosaic = 10
    /// The share of the pictures to train with.
    public var fraction = 1.0
    /// How many of the first layers are not trained.
    public var freeze = 0
    /// By what share the size of batches varies.
    public var multiScale = 0.0
    /// Whether pictures and curves are drawn.
    public var plots = true

    /// The learning rate after the warm-up, and at the end as a share of it.
    public var lr0 = 0.01
    public var lrf = 0.01
    public var momentum = 0.937
    public var weightDecay = 5e-4
    public var warmupEpochs = 3.0
    public var warmupMomentum = 0.8
    public var warmupBiasLr = 0.1
    /// The batch for which the other numbers are meant: gradients are accumulated until there are so many pictures.
    public var nbs = 64

    /// How much the parts of the loss count.
    public var box = 7.5
    public var cls = 0.5
    public var dfl = 1.5

    public var augmentation = DetectionAugmentation()

    public init() {}

    /// Throws `InputError` where a value makes no sense.
    public func check() throws {
        func require(_ holds: Bool, _ name: String, _ problem: String, remedy: String? = nil) throws {
            if !holds { throw InputError("option \(name)", problem, remedy: remedy) }
        }
        let rounded = max((imgsz + YOLO.stride / 2) / YOLO.stride, 1) * YOLO.stride
        try require(
            imgsz > 0 && imgsz % YOLO.stride == 0, "imgsz",
            "the side of the input is a multiple of \(YOLO.stride), and \(imgsz) is not", remedy: "use \(rounded)")
        try require(imgsz <= 8192, "imgsz", "pictures of \(imgsz) pixels are beyond what can be trained with")
        try require(batch > 0 || batch == -1, "batch", "a batch has at least 1 picture, not \(batch)")
        try require(
            time ?? 1 > 0 && (time ?? 1).isFinite, "time", "a time is greater than 0, not \(time ?? 0)")
        try require(epochs > 0, "epochs", "at least 1 epoch is needed, not \(epochs)")
        try require(nbs > 0, "nbs", "it is at least 1, not \(nbs)")
        try require(fraction > 0 && fraction <= 1, "fraction", "it is a share above 0 and up to 1, not \(fraction)")
        try require((0..<1).contains(multiScale), "multi_scale", "it is a share from 0 to below 1, not \(multiScale)")
        try require(lr0 > 0, "lr0", "a learning rate is greater than 0, not \(lr0)")
        try require((0...1).contains(lrf), "lrf", "it is a share of lr0 from 0 to 1, not \(lrf)")
        try augmentation.check()
    }

    /// How many batches make a step.
    public func accumulate(batch: Int) -> Int { max(Int((Double(nbs) / Double(batch)).rounded(.toNearestOrEven)), 1) }
}

extension DetectionAugmentation: Configuration {
    func check() throws {
        let shares = [
            ("hsv_h", hsvH), ("hsv_s", hsvS), ("hsv_v", hsvV), ("translate", translate), ("scale", scale),
            ("flipud", flipud), ("fliplr", fliplr), ("bgr", bgr), ("mosaic", mosaic), ("mixup", mixup),
            ("cutmix", cutmix), ("copy_paste", copyPaste), ("blur", blur), ("greyscale", greyscale),
        ]
        for (name, value) in shares where !(0...1).contains(value) {
            throw InputError("option \(name)", "it is from 0 to 1, not \(value)")
        }
    }
}
