import Switchback

/// The augmentation of a detector's training images: the options of `detect train`, with Ultralytics' names and
/// defaults.
public struct DetectionAugmentation: Codable, Hashable, Sendable {
    /// The greatest changes of hue, saturation and value.
    public var hsvH = 0.015
    public var hsvS = 0.7
    public var hsvV = 0.4
    /// The greatest rotation, in degrees.
    public var degrees = 0.0
    /// The greatest shift, as a part of the image.
    public var translate = 0.1
    /// The greatest change of scale.
    public var scale = 0.5
    /// The greatest shear to either side, in degrees; its sign makes no difference.
    public var shear = 0.0
    public var perspective = 0.0
    /// Probabilities.
    public var flipud = 0.0
    public var fliplr = 0.5
    public var bgr = 0.0
    public var mosaic = 1.0
    public var mixup = 0.0
    public var cutmix = 0.0
    public var copyPaste = 0.0
    /// Where objects are copied from.
    public var copyPasteMode = CopyPaste.Mode.flip
    public var blur = 0.0
    public var greyscale = 0.0

    public init() {}

    /// No change at all: the image in a frame.
    public static var none: DetectionAugmentation {
        var options = DetectionAugmentation()
        options.hsvH = 0
        options.hsvS = 0
        options.hsvV = 0
        options.translate = 0
        options.scale = 0
        options.fliplr = 0
        return options.withoutMixing
    }

    /// The same without reflections: for keypoints of which it is not known how they change.
    var withoutFlips: DetectionAugmentation {
        var options = self
        (options.fliplr, options.flipud) = (0, 0)
        options.copyPasteMode = .mixup
        return options
    }

    /// The same without what mixes several images: for the last epochs.
    public var withoutMixing: DetectionAugmentation {
        var options = self
        options.mosaic = 0
        options.mixup = 0
        options.cutmix = 0
        options.copyPaste = 0
        return options
    }

    /// The same without mosaic: for frames that are no squares.
    var withoutMosaic: DetectionAugmentation {
        var options = self
        options.mosaic = 0
        return options
    }

    /// The steps, for images whose longer side has been scaled to `size`; the result is `size` × `size`.
    ///
    /// - Parameter keypointOrder: which keypoint takes the place of each in a mirror image.
    public func steps(size: Int, keypointOrder: [Int]? = nil) -> any Augmentation {
        steps(height: size, width: size, keypointOrder: keypointOrder)
    }

    /// The steps for a frame of any shape, into which images fit that have been scaled; mosaic is for squares.
    func steps(height: Int, width: Int, keypointOrder: [Int]? = nil) -> any Augmentation {
        var affine = RandomAffine(size: (height, width))
        affine.degrees = degrees
        affine.translate = translate
        affine.scale = scale
        affine.shear = shear.magnitude
        affine.perspective = perspective
        let frame = Randomly(
            mosaic, Mosaic(size: max(height, width)), otherwise: LetterboxFrame(height: height, width: width))
        let copies = CopyPaste(probability: copyPaste, mode: copyPasteMode, keypointOrder: keypointOrder)
        let placed = Augmentations([frame, copies, affine])
        return Augmentations([
            placed, Randomly(mixup, MixUp(other: placed)), Randomly(cutmix, CutMix(other: placed)),
            Randomly(blur, GaussianBlur()), Randomly(greyscale, Greyscale()),
            HSVJitter(hue: hsvH, saturation: hsvS, value: hsvV),
            VerticalFlip(probability: flipud, keypointOrder: keypointOrder),
            HorizontalFlip(probability: fliplr, keypointOrder: keypointOrder), Randomly(bgr, ChannelSwap()),
        ])
    }
}
