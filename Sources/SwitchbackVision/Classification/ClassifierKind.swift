import Switchback

/// The models that `Classifier` offers.
public enum ClassifierKind: String, CaseIterable, Codable, Sendable {
    /// Three linear layers, for tables and small images.
    case mlp
    /// Two convolutions and two linear layers, for images.
    case cnn
    /// Residual networks, for images.
    case resnet18, resnet34, resnet50, resnet101, resnet152
    /// A small network, for images.
    case mobilenetV2 = "mobilenet_v2"
    /// A transformer over patches of square images.
    case vit
    /// The networks of YOLO11 and YOLO26, which are the same for classes, for images.
    case yolo11n = "yolo11n-cls"
    case yolo11s = "yolo11s-cls"
    case yolo11m = "yolo11m-cls"
    case yolo11l = "yolo11l-cls"
    case yolo11x = "yolo11x-cls"
    case yolo26n = "yolo26n-cls"
    case yolo26s = "yolo26s-cls"
    case yolo26m = "yolo26m-cls"
    case yolo26l = "yolo26l-cls"
    case yolo26x = "yolo26x-cls"

    /// A model of this kind with fresh weights, drawn from the default generator.
    ///
    /// - Parameter dropout: the share of features that training leaves out before the last layer; the network's own if
    ///   `nil`, which is 0.2 for `mobilenet_v2` and else 0.
    /// - Throws: `InputError` if inputs of the shape do not suit it.
    func makeModel(inputShape: Shape, classCount: Int, dropout: Double? = nil) throws -> Module {
        let share = dropout ?? (self == .mobilenetV2 ? 0.2 : 0)
        if self == .mlp {
            return MultilayerPerceptron(inputs: inputShape.elementCount, classes: classCount, dropout: share)
        }
        let images = try ImageShape(of: inputShape, model: rawValue)
        switch self {
        case .vit:
            return VisionTransformer(try VisionTransformerSizes(for: images), classes: classCount, dropout: share)
        case .mobilenetV2: return MobileNetV2(classes: classCount, channels: images.channels, dropout: share)
        case .resnet18, .resnet34, .resnet50, .resnet101, .resnet152:
            let stem: ResNet.Stem = max(images.height, images.width) <= Self.smallImage ? .cifar : .imageNet
            return ResNet(
                residual ?? .resnet18, classes: classCount, channels: images.channels, stem: stem, dropout: share)
        case .cnn, .mlp: return ConvolutionalNetwork(images, classes: classCount, dropout: share)
        default: return YOLOClassifier(size ?? .n, classes: classCount, channels: images.channels, dropout: share)
        }
    }

    /// Up to this side, images are too small for a stem that divides it by four.
    private static let smallImage = 64

    private var residual: ResNet.Variant? { ResNet.Variant(rawValue: rawValue) }

    /// The size of YOLO's network.
    private var size: YOLOVariant.Size? {
        rawValue.hasSuffix("-cls") ? YOLOVariant.Size(rawValue: String(rawValue.dropLast(4).suffix(1))) : nil
    }

    /// The names of the weights of the first layer and of the last one.
    var outerLayers: (first: String, last: String) {
        switch self {
        case .mlp: ("fc1.weight", "fc3.weight")
        case .cnn: ("conv1.weight", "fc2.weight")
        case .mobilenetV2: ("features.0.0.weight", "classifier.1.weight")
        case .vit: ("vit.embeddings.patch_embeddings.projection.weight", "classifier.weight")
        case .resnet18, .resnet34, .resnet50, .resnet101, .resnet152: ("conv1.weight", "fc.weight")
        default: ("model.0.conv.weight", "model.10.linear.weight")
        }
    }
}
