/// How light an image is: what changes first when a lamp ages, a lens gets dirty or a camera is exchanged.
package struct ImageLight: Sendable {
    /// The mean lightness of the pixels, from 0, black, to 255.
    package let brightness: Float
    /// The standard deviation of their lightness.
    package let contrast: Float

    /// Details do not count: images of all sizes are compared at this one.
    private static let side = 64

    package init(_ image: Image) {
        var small = image.converted(to: .gray)
        if max(small.width, small.height) > Self.side { small = small.resized(longerSide: Self.side, .area) }
        let values = small.pixels.map(Float.init)
        let count = Float(max(1, values.count))
        let mean = values.reduce(0, +) / count
        brightness = mean
        contrast = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    }
}
