import Foundation
import SwitchbackVision
import TestSupport
import Testing

/// Outlines of what is at a place of an image, found without a network.
struct ProposedOutlinesTests {
    /// A numbers generator of its own: what a test draws does not depend on others.
    private struct Noise {
        var state: UInt64

        mutating func next() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24) - 0.5
        }
    }

    /// Nuclei as a fluorescence microscope shows them: blurred bright ellipses on a dark ground with noise.
    private func nuclei(_ seed: UInt64) -> (image: Image, centers: [PlanePoint], masks: [InstanceMask]) {
        let side = 160
        var noise = Noise(state: seed)
        var light = [Float](repeating: 12, count: side * side)
        var centers: [PlanePoint] = [], masks: [InstanceMask] = []
        for row in 0..<3 {
            for column in 0..<3 {
                let center = PlanePoint(
                    Float(30 + 50 * column) + 8 * noise.next(), Float(30 + 50 * row) + 8 * noise.next())
                let radii = PlanePoint(11 + 6 * noise.next(), 11 + 6 * noise.next())
                let brightness = 90 + 60 * noise.next()
                for y in 0..<side {
                    for x in 0..<side {
                        let place = (PlanePoint(Float(x), Float(y)) - center) / radii
                        let distance = (place * place).sum().squareRoot()
                        light[y * side + x] += brightness / (1 + exp((distance - 1) * 12))
                    }
                }
                let edge = (0..<48).map { step -> PlanePoint in
                    let angle = Float(step) / 24 * .pi
                    return center + radii * PlanePoint(cos(angle), sin(angle)) + 0.5
                }
                centers.append(center)
                masks.append(InstanceMask(polygon: edge, imageHeight: side, imageWidth: side))
            }
        }
        let pixels = light.map { UInt8(min(255, max(0, $0 + 10 * noise.next()))) }
        return (Image(height: side, width: side, .gray, pixels: pixels), centers, masks)
    }

    private func overlap(_ found: ProposedOutlines?, _ truth: InstanceMask) throws -> Double {
        let found = try #require(found)
        let mask = InstanceMask(
            polygon: found.outlines[found.best], imageHeight: truth.imageHeight, imageWidth: truth.imageWidth)
        return mask.iou(truth)
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func nucleiAreOutlinedFromTheirCenters(seed: UInt64) throws {
        let (image, centers, masks) = nuclei(seed)
        for (center, truth) in zip(centers, masks) {
            #expect(try overlap(ProposedOutlines(at: center, in: image), truth) > 0.8)
        }
    }

    @Test(arguments: [1, 2] as [UInt64]) func nucleiAreOutlinedInTheirBoxes(seed: UInt64) throws {
        let (image, _, masks) = nuclei(seed)
        for truth in masks {
            let xs = truth.pixels.indices.filter { truth.pixels[$0] > 0 }.map { $0 % truth.width }
            let ys = truth.pixels.indices.filter { truth.pixels[$0] > 0 }.map { $0 / truth.width }
            let box = Box(
                x1: Float(xs.min()! - 2), y1: Float(ys.min()! - 2), x2: Float(xs.max()! + 3), y2: Float(ys.max()! + 3))
            #expect(try overlap(ProposedOutlines(in: box, of: image), truth) > 0.8)
        }
    }

    /// Beside the best outline there are smaller and larger ones, each within the next.
    @Test func outlinesLieWithinEachOther() throws {
        let (image, centers, _) = nuclei(1)
        let found = try #require(ProposedOutlines(at: centers[4], in: image))
        #expect(found.outlines.count > 3 && found.outlines.indices.contains(found.best))
        let areas = found.outlines.map { InstanceMask(polygon: $0, imageHeight: 160, imageWidth: 160).area }
        #expect(areas == areas.sorted() && Set(areas).count == areas.count, "\(areas)")
    }

    @Test func aScratchIsOutlinedInItsBox() throws {
        let (height, width) = (90, 140)
        var noise = Noise(state: 5)
        var pixels = (0..<height * width).map { _ in UInt8(120 + 30 * noise.next()) }
        var marked = [Bool](repeating: false, count: height * width)
        for y in 0..<height {
            for x in 20..<120 where abs(Float(y) - 20 - 0.5 * Float(x - 20)) < 2 {
                (pixels[y * width + x], marked[y * width + x]) = (235, true)
            }
        }
        let image = Image(height: height, width: width, .gray, pixels: pixels)
        let found = try #require(ProposedOutlines(in: Box(x1: 16, y1: 14, x2: 124, y2: 76), of: image))
        let mask = InstanceMask(polygon: found.outlines[found.best], imageHeight: height, imageWidth: width)
        let shared = marked.indices.count { marked[$0] && mask.pixels[$0] > 0 }
        #expect(Double(shared) / Double(marked.count { $0 } + mask.area - shared) > 0.7)
    }

    @Test func whereNothingStandsOutThereIsNoOutline() {
        let plain = Image(height: 20, width: 30, filledWith: 90)
        #expect(ProposedOutlines(at: PlanePoint(10, 10), in: plain) == nil)
        #expect(ProposedOutlines(in: Box(x1: 2, y1: 2, x2: 20, y2: 15), of: plain) == nil)
        #expect(ProposedOutlines(at: PlanePoint(-5, 900), in: plain) == nil, "outside")
        #expect(ProposedOutlines(in: Box(x1: 5, y1: 5, x2: 6, y2: 6), of: plain) == nil, "no room")
    }

    // MARK: Simplification

    @Test func cornersWithinTheToleranceGo() {
        let square: [PlanePoint] = [
            PlanePoint(0, 0), PlanePoint(5, 0.4), PlanePoint(10, 0), PlanePoint(10, 10), PlanePoint(4, 9.8),
            PlanePoint(0, 10), PlanePoint(0.3, 5),
        ]
        let corners = [PlanePoint(0, 0), PlanePoint(10, 0), PlanePoint(10, 10), PlanePoint(0, 10)]
        #expect(square.simplified(tolerance: 0.5) == corners)
        #expect(square.simplified(tolerance: 0.1) == square)
        #expect([PlanePoint]().simplified() == [] && Array(corners.prefix(3)).simplified() == Array(corners.prefix(3)))
    }
}
