import Switchback

/// How the masks of objects are drawn for training: Ultralytics' `mask_ratio` and `overlap_mask`.
public struct MaskDetail: Hashable, Sendable {
    /// Pixels of the image to one of the masks, on each side.
    public var ratio: Int
    /// Whether each pixel belongs to one object, the smaller where several overlap, instead of to all of them.
    public var isShared: Bool

    public init(ratio: Int = MaskMap.ratio, isShared: Bool = true) { (self.ratio, self.isShared) = (ratio, isShared) }

    /// The same as networks predict masks, where the two are compared.
    var predicted: MaskDetail { MaskDetail(isShared: isShared) }

    /// What divides the sides of images, and by what filled polygons can be shrunk.
    public static let ratios = [1, 2, 4, 8]
}

/// Which objects each pixel of an image belongs to, as the training of masks has it: by default at a quarter of its size, and
/// the smaller object where two overlap.
public struct MaskMap {
    /// Pixels of the image to one of what networks predict, on each side.
    public static let ratio = 4
    /// The points of an outline that is filled.
    static let outlinePoints = 1000

    /// The objects by falling area of their masks, one without a pixel first; in their own order where they share no map.
    package let labels: [LabeledBox]
    /// 0 for background, else the position in `labels` plus 1: row by row, in one plane, or in one for each object where they
    /// share none.
    package let codes: [Int32]
    package let height, width: Int

    /// - Parameters:
    ///   - labels: in pixels of the image.
    ///   - height, width: of the image.
    package init(_ labels: [LabeledBox], height: Int, width: Int, _ detail: MaskDetail = MaskDetail()) {
        let masks = labels.map { label -> PolygonRaster in
            var raster = PolygonRaster(height: height, width: width)
            raster.fill(label.polygon)
            return raster.shrunk(by: detail.ratio)
        }
        let areas = masks.map { $0.area == 0 ? Int.max : $0.area }
        let order = detail.isShared ? areas.positionsDescending { $0 } : Array(labels.indices)
        (self.height, self.width) = (height / detail.ratio, width / detail.ratio)
        let planeSize = self.height * self.width
        var codes = [Int32](repeating: 0, count: planeSize * (detail.isShared ? 1 : labels.count))
        for (number, index) in order.enumerated() {
            let start = detail.isShared ? 0 : number * planeSize
            for (position, pixel) in masks[index].pixels.enumerated() where pixel > 0 {
                codes[start + position] = Int32(number + 1)
            }
        }
        self.labels = order.map { labels[$0] }
        self.codes = codes
    }
}
