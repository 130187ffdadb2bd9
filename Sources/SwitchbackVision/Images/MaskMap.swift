import Switchback

/// Which object each pixel of an image belongs to, at a quarter of its size, as the training of masks has it: where
/// objects overlap, the smaller one lies on top.
package struct MaskMap {
    /// Pixels of the image to one of the map, on each side.
    package static let ratio = 4
    /// The points of an outline that is filled.
    static let outlinePoints = 1000

    /// The objects by falling area of their masks; one without a pixel comes first.
    package let labels: [LabeledBox]
    /// 0 for background, else the position in `labels` plus 1: row by row.
    package let codes: [Int32]
    package let height, width: Int

    /// - Parameters:
    ///   - labels: in pixels of the image.
    ///   - height, width: of the image.
    package init(_ labels: [LabeledBox], height: Int, width: Int, ratio: Int = MaskMap.ratio) {
        let masks = labels.map { label -> PolygonRaster in
            var raster = PolygonRaster(height: height, width: width)
            raster.fill(label.polygon)
            return raster.shrunk(by: ratio)
        }
        let areas = masks.map { $0.area == 0 ? Int.max : $0.area }
        let order = areas.positionsDescending { $0 }
        var codes = [Int32](repeating: 0, count: height / ratio * (width / ratio))
        for (number, index) in order.enumerated() {
            for (position, pixel) in masks[index].pixels.enumerated() where pixel > 0 {
                codes[position] = Int32(number + 1)
            }
        }
        self.labels = order.map { labels[$0] }
        self.codes = codes
        (self.height, self.width) = (height / ratio, width / ratio)
    }
}
