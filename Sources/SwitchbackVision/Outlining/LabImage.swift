import Foundation
import Switchback

/// An image in CIE L*a*b*, in which equal distances look about equally different.
struct LabImage {
    let height, width: Int
    /// Lightness from 0 to 100, and the two opponent colors, row by row.
    private(set) var pixels: [SIMD3<Float>]

    /// From sRGB (IEC 61966-2-1) with the white of D65.
    init(_ image: Image) {
        let image = image.converted(to: .rgb)
        (height, width) = (image.height, image.width)
        pixels = image.pixels.withUnsafeBufferPointer { bytes in
            (0..<image.height * image.width).map { pixel in
                Self.lab(bytes[3 * pixel], bytes[3 * pixel + 1], bytes[3 * pixel + 2])
            }
        }
    }

    private init(height: Int, width: Int, _ pixels: [SIMD3<Float>]) {
        (self.height, self.width, self.pixels) = (height, width, pixels)
    }

    subscript(x: Int, y: Int) -> SIMD3<Float> { pixels[y * width + x] }

    /// The light that each of the 256 steps stands for.
    private static let linear = (0...255).map { step in
        let share = Float(step) / 255
        return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }

    private static func lab(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> SIMD3<Float> {
        let (r, g, b) = (linear[Int(red)], linear[Int(green)], linear[Int(blue)])
        func f(_ t: Float) -> Float { t > 0.008856 ? cbrt(t) : 7.787 * t + 16 / 116 }
        let x = f((0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.950456)
        let y = f(0.212671 * r + 0.715160 * g + 0.072169 * b)
        let z = f((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.088754)
        return SIMD3(116 * y - 16, 500 * (x - y), 200 * (y - z))
    }

    /// Each pixel with a quarter of its neighbors on either side: noise goes, and edges stay.
    var smoothed: LabImage {
        func pass(_ source: [SIMD3<Float>], _ step: Int, _ count: Int, _ place: (Int) -> Int) -> [SIMD3<Float>] {
            source.indices.map { index in
                let at = place(index)
                let (before, after) = (at > 0 ? index - step : index, at < count - 1 ? index + step : index)
                return 0.25 * source[before] + 0.5 * source[index] + 0.25 * source[after]
            }
        }
        let rows = pass(pixels, 1, width) { $0 % width }
        return LabImage(height: height, width: width, pass(rows, width, height) { $0 / width })
    }

    /// A part of it.
    func part(columns: Range<Int>, rows: Range<Int>) -> LabImage {
        LabImage(
            height: rows.count, width: columns.count,
            rows.flatMap { pixels[$0 * width + columns.lowerBound..<$0 * width + columns.upperBound] })
    }

    /// The middle of the colors around a pixel, in each channel.
    func middle(around x: Int, _ y: Int) -> SIMD3<Float> {
        let near = (max(0, y - 1)...min(height - 1, y + 1)).flatMap { row in
            (max(0, x - 1)...min(width - 1, x + 1)).map { self[$0, row] }
        }
        return Self.middle(of: near)
    }

    static func middle(of colors: [SIMD3<Float>]) -> SIMD3<Float> {
        func middle(_ channel: Int) -> Float { colors.map { $0[channel] }.sorted()[colors.count / 2] }
        return SIMD3(middle(0), middle(1), middle(2))
    }

    /// The pixels on its edges.
    var rim: [Int] {
        pixels.indices.filter { isRim($0) }
    }

    func isRim(_ pixel: Int) -> Bool {
        let (x, y) = (pixel % width, pixel / width)
        return x == 0 || y == 0 || x == width - 1 || y == height - 1
    }
}

func distance(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> Float { ((a - b) * (a - b)).sum().squareRoot() }
