import Switchback
import SwitchbackTraining

/// The options of `switchback detect train`. Every option has its default here. The names are Ultralytics': a property
/// `closeMosaic` is the option `--close-mosaic` and the key `close_mosaic`.
public struct DetectionConfiguration: TaskConfiguration {
    /// The data: see `DetectionData.load`.
    public var data = ""
    /// A name such as `yolo11n`, with fresh weights; or a file of weights to continue from.
    public var model = "yolo11n"
    /// Weights to begin with, of which names and shapes that fit are taken.
    public var pretrained: String?
    /// Passes over the images. With `time`, they are planned only until the first one has been measured, and the
    /// optimizer `auto` goes by them.
    public var epochs = 100
    /// How many hours the training may take. As many epochs are made as fit in, instead of `epochs`, and all that
    /// depends on their number follows: see `TrainingConfiguration.minutes`.
    public var time: Double?
    /// Epochs without improvement after which the training ends.
    public var patience = 100
    /// Images in a batch; −1 finds the largest that fits into memory.
    public var batch = 16
    /// Into how many parts each batch is cut, for processes that train together: see `TrainingConfiguration.slots`.
    public var slots: Int?
    /// Whether batch norm takes its statistics from all slots: see `TrainingConfiguration.syncBatchNorm`.
    public var syncBatchNorm = false
    /// The side of the network's input, in pixels.
    public var imgsz = 640
    /// Threads that load and change images; results do not depend on it.
    public var workers = 2
    /// How much memory decoded images may take up between their uses, in MB; results do not depend on it.
    public var cache = 512
    /// What products compute with in training; weights, their steps and validations are float32 in any case.
    public var precision = Precision.float32
    public var optimizer = "auto"
    /// The random seed.
    public var seed: UInt64 = 0
    /// The classes whose boxes are learned and measured, by name or number; all if empty.
    public var classes: [String] = []
    /// Whether all classes count as one.
    public var singleCls = false
    /// Whether images without a file of labels are left out; else they teach that there is nothing in them.
    public var labeledOnly = false
    /// Whether the learning rate falls along a cosine instead of a line.
    public var cosLr = false
    /// How many epochs at the end are without mosaic and mixing.
    public var closeMosaic = 10
    /// Pixels of the images to one of the masks that are learned, on each side: 1, 2, 4 or 8. Networks predict at 4.
    public var maskRatio = MaskMap.ratio
    /// Whether a pixel in which objects overlap belongs to the smaller one alone; else to all of them.
    public var overlapMask = true
    /// The share of the images for training.
    public var fraction = 1.0
    /// The share of the images that is held out for validation, where the data has no part for that.
    public var valFraction = 0.1
    /// How many of the first layers are not trained.
    public var freeze = 0
    /// By what share the size of batches varies.
    public var multiScale = 0.0
    /// Whether batches have the shape that their images need, images of like shape together in a fixed order and without
    /// mosaic, instead of squares.
    public var rect = false
    /// How many batches give batch norm's statistics before a validation, in the first few hundred batches of a training;
    /// with 0 it is the running averages alone, as in Ultralytics.
    public var statisticsBatches = 4
    /// Of every so many-th epoch the weights are kept: see `TrainingConfiguration.savePeriod`.
    public var savePeriod: Int?
    /// Whether images and curves are drawn.
    public var plots = true

    /// The learning rate after the warm-up, and at the end as a share of it.
    public var lr0 = 0.01
    public var lrf = 0.01
    public var momentum = 0.937
    public var weightDecay = 5e-4
    public var warmupEpochs = 3.0
    public var warmupMomentum = 0.8
    public var warmupBiasLr = 0.1
    /// The batch for which the other numbers are meant: gradients are accumulated until there are so many images.
    public var nbs = 64

    /// How much the parts of the loss count.
    public var box = 7.5
    public var cls = 0.5
    public var dfl = 1.5
    /// Of poses: keypoints, whether they are seen, and how likely their errors are (YOLO26).
    public var pose = 12.0
    public var kobj = 1.0
    public var rle = 1.0
    /// Of oriented boxes.
    public var angle = 1.0

    public var augmentation = DetectionAugmentation()

    public init() {}

    public static let ranges: [String: NumberRange] = [
        "epochs": .from(1, to: 1_000_000), "time": .above(0), "patience": .count(),
        "batch": .from(1, to: 65_536).or(-1, for: "what fits into memory"), "imgsz": YOLO.sides,
        "slots": .from(1, to: 65_536), "save_period": .count(),
        "workers": .from(0, to: 64), "cache": .from(0, to: 1_048_576), "close_mosaic": .count(from: 0),
        "fraction": .above(0, to: 1),
        "val_fraction": .from(0, below: 1), "statistics_batches": .count(from: 0),
        "freeze": .count(from: 0), "multi_scale": .from(0, below: 1), "lr0": .above(0), "lrf": .from(0, to: 1),
        "momentum": .from(0, below: 1), "weight_decay": .from(0, to: 10), "warmup_epochs": .from(0, to: 1_000_000),
        "warmup_momentum": .from(0, below: 1), "warmup_bias_lr": .from(0, to: 10), "nbs": .from(1, to: 1_000_000),
        "box": .from(0, to: 1000), "cls": .from(0, to: 1000), "dfl": .from(0, to: 1000),
        "pose": .from(0, to: 1000), "kobj": .from(0, to: 1000), "rle": .from(0, to: 1000), "angle": .from(0, to: 1000),
        "mask_ratio": .from(1, to: 8),
    ]

    public func ownUnusedOptions(besides defaults: Self) -> [UnusedOption] {
        var found: [UnusedOption] = []
        let rises = OptimizerChoice.namesWithMomentum.contains { $0.lowercased() == optimizer.lowercased() }
        if warmupMomentum != defaults.warmupMomentum && !rises {
            found.append(UnusedOption("warmup_momentum", "\(optimizer) does not raise its momentum"))
        }
        if rect && augmentation.mosaic != defaults.augmentation.mosaic {
            found.append(UnusedOption("mosaic", "a mosaic is a square, and with rect batches are not"))
        }
        return found
    }

    /// How masks are drawn for training.
    var maskDetail: MaskDetail { MaskDetail(ratio: maskRatio, isShared: overlapMask) }

    /// The weights of the parts of the loss.
    public var gains: DetectionLoss.Gains {
        var gains = DetectionLoss.Gains()
        (gains.box, gains.cls, gains.dfl) = (box, cls, dfl)
        (gains.pose, gains.kobj, gains.rle, gains.angle) = (pose, kobj, rle, angle)
        return gains
    }

    /// How many batches make a step.
    public func accumulate(batch: Int) -> Int { max(Int((Double(nbs) / Double(batch)).rounded(.toNearestOrEven)), 1) }
}

extension DetectionAugmentation: Configuration {
    public static let ranges: [String: NumberRange] = [
        "hsv_h": .probability, "hsv_s": .probability, "hsv_v": .probability, "degrees": .from(0, to: 180),
        "translate": .from(0, to: 1), "scale": .from(0, to: 1), "shear": .from(-180, to: 180),
        "perspective": .from(0, to: 0.001), "flipud": .probability, "fliplr": .probability, "bgr": .probability,
        "mosaic": .probability, "mixup": .probability, "cutmix": .probability, "copy_paste": .probability,
        "blur": .probability, "greyscale": .probability,
    ]
}

extension YOLO {
    /// The sides that the input can have, in pixels: beyond them images are not a multiple of the coarsest grid's
    /// cells, or more than can be computed with.
    public static let sides = NumberRange.multiples(of: YOLO.stride, to: 8192)
}
