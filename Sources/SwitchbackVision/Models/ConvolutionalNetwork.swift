import Switchback

/// [N, C, H, W] → [N, classes]: two convolutions of 32 and 64 filters of 3×3, maximum pooling, and two linear layers,
/// as in PyTorch's MNIST example.
///
/// Small images get a border of zeros, so that convolving does not shrink them; large ones are pooled more, so that at
/// most 14×14 positions are left.
final class ConvolutionalNetwork: Module, FeatureMapped {
    let conv1, conv2: Conv2d
    let fc1, fc2: Linear
    private let drop: Dropout
    private let images: ImageShape
    private let poolSize: Int

    /// - Parameter dropout: the share of features that training leaves out before the last layer.
    init(_ images: ImageShape, classes: Int, dropout: Double = 0) {
        let padding = min(images.height, images.width) < 16 ? 1 : 0
        let height = images.height - 4 + 4 * padding
        let width = images.width - 4 + 4 * padding
        self.images = images
        poolSize = max(2, (max(height, width) + 13) / 14)
        conv1 = Conv2d(images.channels, 32, kernelSize: 3, padding: padding)
        conv2 = Conv2d(32, 64, kernelSize: 3, padding: padding)
        fc1 = Linear(64 * max(1, height / poolSize) * max(1, width / poolSize), 128)
        fc2 = Linear(128, classes)
        drop = Dropout(p: dropout)
    }

    var featureMap: Module { conv2 }

    override func forward(_ x: Tensor) -> Tensor {
        let x = x.reshape([x.size(0), images.channels, images.height, images.width])
        let features = conv2(conv1(x).relu()).relu().maxPool2d(kernelSize: poolSize)
        return fc2(drop(fc1(features.flatten(start: 1)).relu()))
    }
}
