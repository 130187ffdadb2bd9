import Switchback

/// Test-time augmentation: a network looks at images in their own size, at 0.83 of it in the mirror, and at 0.67 of it, and
/// boxes are selected from what it says of all three, as with Ultralytics' `augment`: the image itself speaks of no
/// objects so large that its coarsest map finds them, and the smallest view of none so small that its finest does.
struct TestTimeViews {
    fileprivate struct View {
        /// Of the images' size.
        let scale: Double
        /// Whether left and right are exchanged.
        var isMirrored = false
        /// The maps whose positions count, the finest first.
        let levels: Range<Int>
    }

    private static let views = [
        View(scale: 1, levels: 0..<2), View(scale: 0.83, isMirrored: true, levels: 0..<3),
        View(scale: 0.67, levels: 1..<3),
    ]

    /// What is seen in all views, in the pixels of the images, as if it were one output.
    ///
    /// - Parameters:
    ///   - images: [N, 3, H, W], with sides of whole strides.
    ///   - look: gives the output of a head for such images; one whose boxes alone are used.
    static func output(
        _ images: Tensor, _ look: (Tensor) throws -> DetectHead.Output
    ) rethrows -> DetectHead.Output {
        var (outputs, parts): ([DetectHead.Output], [AnchorGrid.Part]) = ([], [])
        for view in views {
            var output = try look(view.shows(images)).keeping(view.levels)
            if view.isMirrored { output.boxes = output.boxes.withSidesExchanged }
            outputs.append(output)
            // By the scale that is meant, although sides are whole pixels, as in Ultralytics.
            let width = Double(images.shape[3]) * view.scale
            parts.append(
                AnchorGrid.Part(
                    grid: output.grid, scale: 1 / view.scale, mirroredWidth: view.isMirrored ? width : nil))
        }
        return DetectHead.Output(
            boxes: Tensor.cat(outputs.map(\.boxes), dim: 1), scores: Tensor.cat(outputs.map(\.scores), dim: 1),
            grid: AnchorGrid(joining: parts, like: outputs[0].boxes), isSingle: outputs[0].isSingle)
    }
}

extension TestTimeViews.View {
    /// Images scaled, mirrored, and with a border at the right and below as far as whole strides reach.
    fileprivate func shows(_ images: Tensor) -> Tensor {
        if scale == 1 && !isMirrored { return images }
        let sides = [images.shape[2], images.shape[3]]
        let own = sides.map { max(Int(Double($0) * scale), 1) }
        let filled = sides.map { Int((Double($0) * scale / Double(YOLO.stride)).rounded(.up)) * YOLO.stride }
        var view = images.interpolate(size: IntPair(own[0], own[1]), mode: .bilinear)
        if isMirrored { view = view.flip(3) }
        return view.pad(
            [0, filled[1] - own[1], 0, filled[0] - own[0]], mode: .constant(Double(Letterbox.border) / 255))
    }
}

extension DetectHead.Output {
    /// The positions of some of the maps, of an output of boxes alone.
    fileprivate func keeping(_ levels: Range<Int>) -> DetectHead.Output {
        let (start, kept) = (grid.levels[levels.lowerBound].start, grid.keeping(levels))
        func part(_ x: Tensor) -> Tensor { x.narrow(dim: 1, start: start, length: kept.count) }
        return DetectHead.Output(boxes: part(boxes), scores: part(scores), grid: kept, isSingle: isSingle)
    }
}

extension Tensor {
    /// Distances to the left, upper, right and lower side, [N, positions, 4 · steps], with left and right exchanged.
    fileprivate var withSidesExchanged: Tensor {
        let sides = chunk(4, dim: 2)
        return Tensor.cat([sides[2], sides[1], sides[0], sides[3]], dim: 2)
    }
}
