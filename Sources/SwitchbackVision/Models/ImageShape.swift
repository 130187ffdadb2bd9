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
                    "model \(model)", "needs images, and rows of \(shape[0]) numbers are not square images",
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
