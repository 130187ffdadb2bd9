import Switchback

/// Test-time augmentation: a network looks at images in their own size, at 0.83 of it in the mirror, and at 0.67 of it, and
/// boxes are selected from what it says of all three, as with Ultralytics' `augment`.
struct TestTimeViews {
    /// Of the images' size, and whether left and right are exchanged.
    private static let views: [(scale: Double, isMirrored: Bool)] = [(1, false), (0.83, true), (0.67, false)]

    /// What is seen in all views, in the pixels of the images, as if it were one output.
    ///
    /// - Parameters:
    ///   - images: [N, 3, H, W], with sides of whole strides.
    ///   - look: gives the output of a head for such images; one whose boxes alone are used.
    static func output(
        _ images: Tensor, _ look: (Tensor) throws -> DetectHead.Output
    ) rethrows -> DetectHead.Output {
        let (height, width) = (images.shape[2], images.shape[3])
        var (outputs, parts): ([DetectHead.Output], [AnchorGrid.Part]) = ([], [])
        for (scale, isMirrored) in views {
            let (ownHeight, ownWidth) = (max(Int(Double(height) * scale), 1), max(Int(Double(width) * scale), 1))
            var view = scale == 1 ? images : images.interpolate(size: IntPair(ownHeight, ownWidth), mode: .bilinear)
            if isMirrored { view = view.flip(3) }
            var output = try look(view.filledToStride)
            if isMirrored { output.boxes = output.boxes.withSidesExchanged }
            outputs.append(output)
            parts.append(
                AnchorGrid.Part(
                    grid: output.grid, x: Double(width) / Double(ownWidth), y: Double(height) / Double(ownHeight),
                    mirroredWidth: isMirrored ? ownWidth : nil))
        }
        return DetectHead.Output(
            boxes: Tensor.cat(outputs.map(\.boxes), dim: 1), scores: Tensor.cat(outputs.map(\.scores), dim: 1),
            grid: AnchorGrid(joining: parts, like: outputs[0].boxes), isSingle: outputs[0].isSingle)
    }
}

extension Tensor {
    /// Images with a border at the right and below, as far as whole strides reach.
    fileprivate var filledToStride: Tensor {
        func missing(_ side: Int) -> Int { (YOLO.stride - side % YOLO.stride) % YOLO.stride }
        let (below, right) = (missing(shape[2]), missing(shape[3]))
        return pad([0, right, 0, below], mode: .constant(Double(Letterbox.border) / 255))
    }

    /// Distances to the left, upper, right and lower side, [N, positions, 4 · steps], with left and right exchanged.
    fileprivate var withSidesExchanged: Tensor {
        let sides = chunk(4, dim: 2)
        return Tensor.cat([sides[2], sides[1], sides[0], sides[3]], dim: 2)
    }
}
