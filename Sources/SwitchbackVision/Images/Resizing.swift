import Switchback

extension Image {
    /// The image in another size; bilinear if nothing else is said. Nearest and bilinear are equal to OpenCV's `resize`, so
    /// that networks see what they were trained on there; the others are to within one gray level. Stops unless both sides are at least 1.
    public func resized(height: Int, width: Int, _ interpolation: Pixels.Interpolation = .bilinear) -> Image {
        require(height > 0 && width > 0, "resized", "an image of \(height)×\(width) has no pixels")
        if height == self.height && width == self.width { return self }
        let target = Pixels.Layout(height: height, width: width, channels: channels)
        return Image(height: height, width: width, colorModel) { bytes in
            pixels.withUnsafeBufferPointer { Pixels.resize($0, layout, into: bytes, target, interpolation) }
        }
    }

    /// The image with its longer side as long as asked for, and the shorter one in proportion.
    public func resized(longerSide: Int, _ interpolation: Pixels.Interpolation = .bilinear) -> Image {
        let scale = Double(longerSide) / Double(max(height, width))
        return resized(
            height: max(1, Int((Double(height) * scale).rounded())),
            width: max(1, Int((Double(width) * scale).rounded())), interpolation)
    }

    /// The image with its shorter side as long as asked for, and the longer one in proportion, rounded down.
    public func resized(shorterSide: Int, _ interpolation: Pixels.Interpolation = .bilinear) -> Image {
        let shorter = min(height, width)
        return resized(
            height: max(1, height * shorterSide / shorter), width: max(1, width * shorterSide / shorter), interpolation)
    }

    /// The middle of the image; where it is smaller than asked for, the rest is black.
    public func centerCropped(height: Int, width: Int) -> Image {
        var result = Image(height: height, width: width, colorModel, filledWith: 0)
        result.paste(self, top: (height - self.height) / 2, left: (width - self.width) / 2)
        return result
    }
}
