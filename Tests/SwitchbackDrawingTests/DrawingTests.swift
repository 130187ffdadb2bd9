import SwitchbackDrawing
import Testing

/// What images show, pixel by pixel.
@Suite struct DrawingTests {
    /// Fields whose widths are not integers of pixels touch each other without a seam.
    @Test func fieldsOfAHeatMapLeaveNoSeams() throws {
        let values = [[Double]](repeating: [Double](repeating: 1, count: 37), count: 23)
        let map = HeatMap(
            rows: values.map { _ in "" }, columns: values[0].map { _ in "" }, values: values,
            color: Axis(range: 0...1), showsNumbers: false)
        let image = try map.canvas().raster()
        func pixel(_ x: Int, _ y: Int) -> [UInt8] {
            Array(image.rgb[3 * (y * image.width + x)..<3 * (y * image.width + x) + 3])
        }
        let (x, y) = (image.width / 2, image.height / 2)
        let color = pixel(x, y)
        #expect(color != [255, 255, 255])
        // Over several fields to each side.
        for offset in -100...100 {
            #expect(pixel(x + offset, y) == color && pixel(x, y + offset) == color, "at \(offset)")
        }
    }

    @Test(
        arguments: [
            (1.0 / 36, "0.03"), (0.5, "0.50"), (0.999, "1.00"), (1, "1"), (0, "0"), (0.001, "0.00"), (12_500, "12,500"),
            (-0.25, "-0.25"),
        ] as [(Double, String)])
    func numbersInFieldsHaveTwoDecimals(_ number: Double, _ text: String) {
        #expect(NumberText.twoDecimals(number) == text)
    }

    /// Of what is too large to be drawn at a scale, the scale is smaller.
    @Test func sidesAreBounded() throws {
        let bars = BarPlot((0..<2000).map { ("\($0)", 1) }, values: Axis("n"))
        let raster = try bars.canvas().raster(scale: 2)
        #expect(raster.height == 16_384 && raster.width > 100)
        let tile = ImageGrid.Tile(Raster(width: 10_000, height: 1, rgb: [UInt8](repeating: 9, count: 30_000)))
        #expect(ImageGrid([tile, tile, tile, tile]).preferredSize.width == 1930)
    }
}
