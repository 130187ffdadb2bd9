import ArgumentParser
import SwitchbackVision

/// How pictures are changed at random in training.
struct AugmentationOptions: ParsableArguments {
    static let defaults = DetectionAugmentation()

    @Option(
        help: ArgumentHelp(
            "The greatest change of hue, as a share. (default: \(defaults.hsvH))", valueName: "x"),
        transform: Value.number)
    var hsvH: Double?

    @Option(
        help: ArgumentHelp(
            "The greatest change of saturation. (default: \(defaults.hsvS))", valueName: "x"),
        transform: Value.number)
    var hsvS: Double?

    @Option(
        help: ArgumentHelp(
            "The greatest change of brightness. (default: \(defaults.hsvV))", valueName: "x"),
        transform: Value.number)
    var hsvV: Double?

    @Option(
        help: ArgumentHelp(
            "The greatest turn, in degrees. (default: \(defaults.degrees))", valueName: "x"),
        transform: Value.number)
    var degrees: Double?

    @Option(
        help: ArgumentHelp(
            "The greatest shift, as a share of the side. (default: \(defaults.translate))", valueName: "x"),
        transform: Value.number)
    var translate: Double?

    @Option(
        help: ArgumentHelp(
            "The greatest change of size. (default: \(defaults.scale))", valueName: "x"),
        transform: Value.number)
    var scale: Double?

    @Option(
        help: ArgumentHelp(
            "The greatest shear, in degrees. (default: \(defaults.shear))", valueName: "x"),
        transform: Value.number)
    var shear: Double?

    @Option(
        help: ArgumentHelp(
            "The greatest perspective. (default: \(defaults.perspective))", valueName: "x"),
        transform: Value.number)
    var perspective: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of turning upside down. (default: \(defaults.flipud))", valueName: "x"),
        transform: Value.number)
    var flipud: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of mirroring. (default: \(defaults.fliplr))", valueName: "x"),
        transform: Value.number)
    var fliplr: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of exchanging red and blue. (default: \(defaults.bgr))", valueName: "x"),
        transform: Value.number)
    var bgr: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of four pictures in one. (default: \(defaults.mosaic))", valueName: "x"),
        transform: Value.number)
    var mosaic: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of two pictures through each other. (default: \(defaults.mixup))", valueName: "x"),
        transform: Value.number)
    var mixup: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of a part of another picture. (default: \(defaults.cutmix))", valueName: "x"),
        transform: Value.number)
    var cutmix: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of copying boxes from another picture. (default: \(defaults.copyPaste))", valueName: "x"),
        transform: Value.number)
    var copyPaste: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of blurring. (default: \(defaults.blur))", valueName: "x"),
        transform: Value.number)
    var blur: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of grey. (default: \(defaults.greyscale))", valueName: "x"),
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
    }
}
