/// How large an object is, by its mask, in pixels or in another unit.
public struct MaskSize: Encodable, Hashable, Sendable {
    public let area: Double
    /// The longer and the shorter side of the smallest rectangle around the mask.
    public let length, width: Double

    /// - Parameter pixelSize: the side of a pixel in the unit; 1 for sizes in pixels.
    public init(_ mask: InstanceMask, pixelSize: Double = 1) {
        area = Double(mask.area) * pixelSize * pixelSize
        // From the corners of pixels, which are half a pixel from their centers.
        let corners = mask.outlines.joined().flatMap { point in
            [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)].map { point + PlanePoint(Float($0.0), Float($0.1)) }
        }
        let around = RotatedBox(around: corners)
        length = Double(around.width) * pixelSize
        width = Double(around.height) * pixelSize
    }
}
