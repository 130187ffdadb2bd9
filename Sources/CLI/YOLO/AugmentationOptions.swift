import ArgumentParser
import SwitchbackVision

/// How training images are augmented.
struct AugmentationOptions: ParsableArguments {
    static let defaults = DetectionAugmentation()

    @Option(
        help: ArgumentHelp(
            "The maximum hue shift, as a fraction. (default: \(defaults.hsvH))", valueName: "x"),
        transform: Value.number)
    var hsvH: Double?

    @Option(
        help: ArgumentHelp(
            "The maximum change in saturation. (default: \(defaults.hsvS))", valueName: "x"),
        transform: Value.number)
    var hsvS: Double?

    @Option(
        help: ArgumentHelp(
            "The maximum change in brightness. (default: \(defaults.hsvV))", valueName: "x"),
        transform: Value.number)
    var hsvV: Double?

    @Option(
        help: ArgumentHelp(
            "The maximum rotation, in degrees. (default: \(defaults.degrees))", valueName: "x"),
        transform: Value.number)
    var degrees: Double?

    @Option(
        help: ArgumentHelp(
            "The maximum translation, as a fraction of the image size. (default: \(defaults.translate))", valueName: "x"
        ),
        transform: Value.number)
    var translate: Double?

    @Option(
        help: ArgumentHelp(
            "The maximum scaling, as a fraction. (default: \(defaults.scale))", valueName: "x"),
        transform: Value.number)
    var scale: Double?

    @Option(
        help: ArgumentHelp(
            "The maximum shear, in degrees. (default: \(defaults.shear))", valueName: "x"),
        transform: Value.number)
    var shear: Double?

    @Option(
        help: ArgumentHelp(
            "The maximum perspective distortion. (default: \(defaults.perspective))", valueName: "x"),
        transform: Value.number)
    var perspective: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of a vertical flip. (default: \(defaults.flipud))", valueName: "x"),
        transform: Value.number)
    var flipud: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of a horizontal flip. (default: \(defaults.fliplr))", valueName: "x"),
        transform: Value.number)
    var fliplr: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of swapping red and blue. (default: \(defaults.bgr))", valueName: "x"),
        transform: Value.number)
    var bgr: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of a mosaic of four images. (default: \(defaults.mosaic))", valueName: "x"),
        transform: Value.number)
    var mosaic: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of MixUp. (default: \(defaults.mixup))", valueName: "x"),
        transform: Value.number)
    var mixup: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of CutMix. (default: \(defaults.cutmix))", valueName: "x"),
        transform: Value.number)
    var cutmix: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of each object to be copied. (default: \(defaults.copyPaste))", valueName: "x"),
        transform: Value.number)
    var copyPaste: Double?

    @Option(
        help: ArgumentHelp(
            "Where objects are copied from: flip, the mirror image, or mixup, another image. (default: "
                + "\(defaults.copyPasteMode.rawValue))", valueName: "name"),
        transform: Value.choice)
    var copyPasteMode: CopyPaste.Mode?

    @Option(
        help: ArgumentHelp(
            "The probability of a blur. (default: \(defaults.blur))", valueName: "x"),
        transform: Value.number)
    var blur: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of conversion to grayscale. (default: \(defaults.greyscale))", valueName: "x"),
        transform: Value.number)
    var greyscale: Double?

    /// Changes what was given.
    func apply(to augmentation: inout DetectionAugmentation) {
        let given: [(WritableKeyPath<DetectionAugmentation, Double>, Double?)] = [
            (\.hsvH, hsvH), (\.hsvS, hsvS), (\.hsvV, hsvV), (\.degrees, degrees), (\.translate, translate),
            (\.scale, scale), (\.shear, shear), (\.perspective, perspective), (\.flipud, flipud),
            (\.fliplr, fliplr), (\.bgr, bgr), (\.mosaic, mosaic), (\.mixup, mixup), (\.cutmix, cutmix),
            (\.copyPaste, copyPaste), (\.blur, blur), (\.greyscale, greyscale),
        ]
        for case (let option, let value?) in given { augmentation[keyPath: option] = value }
        augmentation.copyPasteMode = copyPasteMode ?? augmentation.copyPasteMode
    }
}
