import Switchback

/// The sizes of an image.
struct ImageShape {
    let channels, height, width: Int

    /// The smallest image that the convolutional network can pool.
    private static let minimumSide = 4

    /// [C, H, W]; or the pixels of a square image of one channel in a row.
    init(of shape: Shape, model: String = "cnn") throws {
        switch shape.count {
        case 3: (channels, height, width) = (shape[0], shape[1], shape[2])
        case 1:
            let side = Int(Double(shape[0]).squareRoot())
            guard side * side == shape[0] else {
                throw InputError(
                    "model \(model)", "needs images, and rows of \(shape[0]) numbers are no square images",
                    remedy: "use the model mlp")
            }
            (channels, height, width) = (1, side, side)
        default: throw InputError("model \(model)", "needs images, and inputs have the shape \(shape)")
        }
        guard min(height, width) >= ImageShape.minimumSide else {
            throw InputError(
                "model \(model)", "needs images of at least 4×4 pixels, and these have \(height)×\(width)",
                remedy: "use the model mlp")
        }
    }
}

/// [N, C, H, W] → [N, classes]: two convolutions of 32 and 64 filters of 3×3, maximum pooling, and two linear layers, as
/// in PyTorch's MNIST example.
///
/// Small images get a border of zeros, so that convolving does not shrink them; large ones are pooled more, so that at
/// most 14×14 positions are left.
final class ConvolutionalNetwork: Module, FeatureMapped {
    let conv1, conv2: Conv2d
    let fc1, fc2: Linear
    private let images: ImageShape
    private let poolSize: Int

    init(_ images: ImageShape, classes: Int) {
        let padding = min(images.height, images.width) < 16 ? 1 : 0
        let height = images.height - 4 + 4 * padding
        let width = images.width - 4 + 4 * padding
        self.images = images
        poolSize = max(2, (max(height, width) + 13) / 14)
        conv1 = Conv2d(images.channels, 32, kernelSize: 3, padding: padding)
        conv2 = Conv2d(32, 64, kernelSize: 3, padding: padding)
        fc1 = Linear(64 * max(1, height / poolSize) * max(1, width / poolSize), 128)
        fc2 = Linear(128, classes)
    }

    var featureMap: Module { conv2 }

    override func forward(_ x: Tensor) -> Tensor {
        let x = x.reshape([x.size(0), images.channels, images.height, images.width])
        let features = conv2(conv1(x).relu()).relu().maxPool2d(kernelSize: poolSize)
        return fc2(fc1(features.flatten(start: 1)).relu())
    }
}
