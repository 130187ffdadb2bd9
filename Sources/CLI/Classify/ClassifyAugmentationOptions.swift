import ArgumentParser
import SwitchbackVision

/// How pictures are changed while a classifier learns. Pictures in files are, unless `--no-augment` is given; arrays are
/// not, unless `--augment` is.
struct ClassifyAugmentationOptions: ParsableArguments {
    private static let defaults = ClassificationAugmentation()

    @Flag(
        inversion: .prefixedNo,
        help: "Change pictures at random; pictures in files are, and arrays are not, if left out.")
    var augment: Bool?

    @Option(
        help: ArgumentHelp("The least part of a picture that is cut out. (default: \(defaults.crop))", valueName: "x"),
        transform: Value.number)
    var crop: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of exchanging left and right. (default: \(defaults.fliplr))", valueName: "x"),
        transform: Value.number)
    var fliplr: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of exchanging top and bottom. (default: \(defaults.flipud))", valueName: "x"),
        transform: Value.number)
    var flipud: Double?

    @Option(
        help: ArgumentHelp(
            "\(ClassificationAugmentation.Policy.names). (default: \(defaults.autoAugment.rawValue))", valueName: "name"
        ),
        transform: Value.choice)
    var autoAugment: ClassificationAugmentation.Policy?

    @Option(
        help: ArgumentHelp("The probability of covering a part. (default: \(defaults.erasing))", valueName: "x"),
        transform: Value.number)
    var erasing: Double?

    @Option(
        help: ArgumentHelp("The greatest turn of the hue. (default: \(defaults.hsvH))", valueName: "x"),
        transform: Value.number)
    var hsvH: Double?

    @Option(
        help: ArgumentHelp("The greatest change of saturation. (default: \(defaults.hsvS))", valueName: "x"),
        transform: Value.number)
    var hsvS: Double?

    @Option(
        help: ArgumentHelp("The greatest change of brightness. (default: \(defaults.hsvV))", valueName: "x"),
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
