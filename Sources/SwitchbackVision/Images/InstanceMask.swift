/// The pixels of one object in an image.
public struct InstanceMask: Hashable, Sendable {
    /// The sizes of the image.
    public let imageHeight, imageWidth: Int
    /// Where the part of the image lies that holds all of the object's pixels.
    public let top, left, height, width: Int
    /// 1 where the object is, 0 elsewhere in that part: row by row.
    public let pixels: [UInt8]

    /// A mask in a part of an image, of which `contains` tells what belongs to it, by row and column of the image.
    init(
        imageHeight: Int, imageWidth: Int, rows: Range<Int>, columns: Range<Int>,
        contains: (_ row: Int, _ column: Int) -> Bool
    ) {
        self.imageHeight = imageHeight
        self.imageWidth = imageWidth
        (top, left) = (rows.lowerBound, columns.lowerBound)
        (height, width) = (rows.count, columns.count)
        pixels = rows.flatMap { row in columns.map { contains(row, $0) ? 1 : 0 } }
    }

    /// A mask in a whole image, of which `contains` tells what belongs to it.
    init(imageHeight: Int, imageWidth: Int, contains: (_ row: Int, _ column: Int) -> Bool) {
        self.init(
            imageHeight: imageHeight, imageWidth: imageWidth, rows: 0..<imageHeight, columns: 0..<imageWidth,
            contains: contains)
    }

    /// The pixels that a polygon encloses, its edges among them.
    public init(polygon: [PlanePoint], imageHeight: Int, imageWidth: Int) {
        var raster = PolygonRaster(height: imageHeight, width: imageWidth)
        raster.fill(polygon)
        self.imageHeight = imageHeight
        self.imageWidth = imageWidth
        (top, left, height, width) = (0, 0, imageHeight, imageWidth)
        pixels = raster.pixels
    }

    private init(_ other: InstanceMask, top: Int, left: Int, imageHeight: Int, imageWidth: Int) {
        (self.top, self.left, self.imageHeight, self.imageWidth) = (top, left, imageHeight, imageWidth)
        (height, width, pixels) = (other.height, other.width, other.pixels)
    }

    /// The mask of a part of an image, in the image.
    ///
    /// - Parameters:
    ///   - top: where the part begins.
    ///   - imageHeight: of the whole.
    func placed(top: Int, left: Int, imageHeight: Int, imageWidth: Int) -> InstanceMask {
        InstanceMask(
            self, top: self.top + top, left: self.left + left, imageHeight: imageHeight, imageWidth: imageWidth)
    }

    /// Whether a pixel of the image belongs to the object.
    public subscript(row: Int, column: Int) -> Bool {
        let (row, column) = (row - top, column - left)
        return row >= 0 && row < height && column >= 0 && column < width && pixels[row * width + column] > 0
    }

    /// How many pixels the object has.
    public var area: Int { pixels.reduce(0) { $0 + Int($1) } }

    /// How many pixels belong to both.
    public func sharedArea(with other: InstanceMask) -> Int {
        let columns = max(left, other.left)..<max(max(left, other.left), min(left + width, other.left + other.width))
        var count = 0
        for row in max(top, other.top)..<max(max(top, other.top), min(top + height, other.top + other.height)) {
            let (start, otherStart) = ((row - top) * width - left, (row - other.top) * other.width - other.left)
            for column in columns where pixels[start + column] > 0 && other.pixels[otherStart + column] > 0 {
                count += 1
            }
        }
        return count
    }

    /// Intersection over union: from 0, apart, to 1, equal.
    public func iou(_ other: InstanceMask) -> Double {
        let shared = sharedArea(with: other)
        return Double(shared) / Double(max(area + other.area - shared, 1))
    }

    /// All pixels of the image, row by row: 1 where the object is.
    public var all: [UInt8] {
        (0..<imageHeight).flatMap { row in (0..<imageWidth).map { self[row, $0] ? 1 : 0 } }
    }
}
