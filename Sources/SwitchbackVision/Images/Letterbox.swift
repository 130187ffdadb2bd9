import Switchback

/// The placement of an image in a frame of another shape: scaled uniformly, centered, with a border.
///
/// ```swift
/// let letterbox = Letterbox(image, into: (640, 640))
/// let input = Tensor(images: [letterbox.apply(to: image)])
/// let found = letterbox.imageBox(of: box)  // from the frame's pixels back to the image's
/// ```
public struct Letterbox: Hashable, Sendable {
    public static let border: UInt8 = 114

    /// The frame.
    public let height, width: Int
    /// The image before.
    public private(set) var imageHeight, imageWidth: Int
    /// The image in the frame.
    public let scaledHeight, scaledWidth: Int
    /// The frame's pixels to a pixel of the image.
    public private(set) var scale: Double
    /// Where the image begins.
    public let top, left: Int

    /// - Parameters:
    ///   - enlarges: whether an image that is smaller than the frame is scaled up.
    ///   - centered: whether the border is on all sides, or at the right and the bottom alone.
    public init(
        imageHeight: Int, imageWidth: Int, height: Int, width: Int, enlarges: Bool = true, centered: Bool = true
    ) {
        let fitting = min(Double(height) / Double(imageHeight), Double(width) / Double(imageWidth))
        scale = enlarges ? fitting : min(fitting, 1)
        self.height = height
        self.width = width
        self.imageHeight = imageHeight
        self.imageWidth = imageWidth
        scaledHeight = min(height, max(1, Int((Double(imageHeight) * scale).rounded(.toNearestOrEven))))
        scaledWidth = min(width, max(1, Int((Double(imageWidth) * scale).rounded(.toNearestOrEven))))
        // An odd border is one pixel wider behind the image than before it.
        top = centered ? (height - scaledHeight) / 2 : 0
        left = centered ? (width - scaledWidth) / 2 : 0
    }

    /// The place of an image in a frame of `size`.
    public init(_ image: Image, into size: (height: Int, width: Int), enlarges: Bool = true, centered: Bool = true) {
        self.init(
            imageHeight: image.height, imageWidth: image.width, height: size.height, width: size.width,
            enlarges: enlarges, centered: centered)
    }

    private init(_ other: Letterbox, imageHeight: Int, imageWidth: Int) {
        self = other
        self.imageHeight = imageHeight
        self.imageWidth = imageWidth
        scale = other.scale * Double(other.imageWidth) / Double(imageWidth)
    }

    /// The same place for the same image before it was scaled: boxes are carried back to that.
    func seen(fromHeight height: Int, width: Int) -> Letterbox {
        Letterbox(self, imageHeight: height, imageWidth: width)
    }

    /// The frame with the image in it.
    public func apply(to image: Image) -> Image {
        let scaled = image.resized(height: scaledHeight, width: scaledWidth)
        if scaledHeight == height && scaledWidth == width { return scaled }
        var frame = Image(height: height, width: width, image.colorModel, filledWith: Letterbox.border)
        frame.paste(scaled, top: top, left: left)
        return frame
    }

    /// A box in the image's pixels, in those of the frame.
    public func frameBox(of box: Box) -> Box {
        box.scaled(x: Float(scaledWidth) / Float(imageWidth), y: Float(scaledHeight) / Float(imageHeight))
            .moved(x: Float(left), y: Float(top))
    }

    /// An object in the image's pixels, in those of the frame.
    public func frameLabel(of label: LabeledBox) -> LabeledBox {
        label.scaled(x: Float(scaledWidth) / Float(imageWidth), y: Float(scaledHeight) / Float(imageHeight))
            .moved(x: Float(left), y: Float(top))
    }

    /// A point in the frame's pixels, in those of the image, within it.
    func imagePoint(of point: PlanePoint) -> PlanePoint {
        let (x, y) = (Float(imageWidth) / Float(scaledWidth), Float(imageHeight) / Float(scaledHeight))
        return ((point - PlanePoint(Float(left), Float(top))) * PlanePoint(x, y))
            .clamped(lowerBound: .zero, upperBound: PlanePoint(Float(imageWidth), Float(imageHeight)))
    }

    /// A box in the frame's pixels, in those of the image, without what is outside.
    public func imageBox(of box: Box) -> Box {
        box.moved(x: -Float(left), y: -Float(top))
            .scaled(x: Float(imageWidth) / Float(scaledWidth), y: Float(imageHeight) / Float(scaledHeight))
            .clipped(height: imageHeight, width: imageWidth)
    }
}
