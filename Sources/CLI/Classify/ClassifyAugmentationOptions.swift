import ArgumentParser
import SwitchbackVision

/// How training images are augmented. Images in files are unless `--no-augment` is given; arrays are only with
/// `--augment`.
struct ClassifyAugmentationOptions: ParsableArguments {
    private static let defaults = ClassificationAugmentation()

    @Flag(
        inversion: .prefixedNo,
        help: "Augment training images. By default images in files are augmented, arrays are not.")
    var augment: Bool?

    @Option(
        help: ArgumentHelp(
            "The smallest crop, as a fraction of the image. (default: \(defaults.crop))", valueName: "x"),
        transform: Value.number)
    var crop: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of a horizontal flip. (default: \(defaults.fliplr))", valueName: "x"),
        transform: Value.number)
    var fliplr: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of a vertical flip. (default: \(defaults.flipud))", valueName: "x"),
        transform: Value.number)
    var flipud: Double?

    @Option(
        help: ArgumentHelp(
            "\(ClassificationAugmentation.Policy.names). (default: \(defaults.autoAugment.rawValue))", valueName: "name"
        ),
        transform: Value.choice)
    var autoAugment: ClassificationAugmentation.Policy?

    @Option(
        help: ArgumentHelp("The probability of random erasing. (default: \(defaults.erasing))", valueName: "x"),
        transform: Value.number)
    var erasing: Double?

    @Option(
        help: ArgumentHelp("The maximum hue shift. (default: \(defaults.hsvH))", valueName: "x"),
        transform: Value.number)
    var hsvH: Double?

    @Option(
        help: ArgumentHelp("The maximum change in saturation. (default: \(defaults.hsvS))", valueName: "x"),
        transform: Value.number)
    var hsvS: Double?

    @Option(
        help: ArgumentHelp("The maximum change in brightness. (default: \(defaults.hsvV))", valueName: "x"),
        transform: Value.number)
    var hsvV: Double?

    /// Changes what was given.
    func apply(to configuration: inout ClassifierConfiguration) {
        func set<Value>(_ option: WritableKeyPath<ClassificationAugmentation, Value>, _ value: Value?) {
            if let value { configuration.augmentation[keyPath: option] = value }
        }
        configuration.augment = augment ?? configuration.augment
        set(\.crop, crop)
        set(\.fliplr, fliplr)
        set(\.flipud, flipud)
        set(\.autoAugment, autoAugment)
        set(\.erasing, erasing)
        set(\.hsvH, hsvH)
        set(\.hsvS, hsvS)
        set(\.hsvV, hsvV)
    }
}
