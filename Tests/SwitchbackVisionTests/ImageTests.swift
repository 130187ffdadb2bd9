import Switchback
import SwitchbackVision
import Testing

@Suite struct ImageTests {
    static let resizings = ImageFixture.tensors.keys.filter { $0.hasPrefix("resize") }.sorted()

    @Test(arguments: resizings) func resizingIsOpenCVs(_ key: String) throws {
        let parts = key.split(separator: "/").map(String.init)
        let mode = try #require(Pixels.Interpolation(rawValue: parts[1]))
        let expected = ImageFixture.image(key)
        var source = ImageFixture.source
        if parts[0] == "resize_grey" {
            let green = source.pixels.enumerated().filter { $0.offset % 3 == 1 }.map(\.element)
            source = Image(height: source.height, width: source.width, .gray, pixels: green)
        }
        let resized = source.resized(height: expected.height, width: expected.width, mode)
        #expect(ImageFixture.difference(resized, expected) <= ([.nearest, .bilinear].contains(mode) ? 0 : 1))
    }

    @Test func partsAreCutAndPasted() {
        let source = ImageFixture.source
        let part = source.cropped(top: 3, left: 5, height: 7, width: 11)
        #expect(part[2, 4] == source[5, 9][...])
        var other = Image(height: 10, width: 10, filledWith: 9)
        other.paste(part, top: 5, left: -2)
        #expect(Array(other[5, 0]) == Array(part[0, 2]))
        #expect(Array(other[9, 8]) == Array(part[4, 10]))
        #expect(Array(other[9, 9]) == [9, 9, 9])
        let before = other
        other.paste(part, top: 20, left: 0)
        other.paste(part, top: 0, left: -11)
        #expect(other == before)
    }

    @Test func mirroringTwiceChangesNothing() {
        let source = ImageFixture.source
        #expect(Array(source.flippedHorizontally()[4, 0]) == Array(source[4, 52]))
        #expect(Array(source.flippedVertically()[0, 4]) == Array(source[36, 4]))
        #expect(source.flippedHorizontally().flippedHorizontally() == source)
    }

    @Test func batchesHaveChannelsFirstInShapeAndLastInMemory() {
        let source = ImageFixture.source
        let batch = Tensor(images: [source, source.flippedVertically()])
        #expect(batch.shape == [2, 3, 37, 53])
        #expect(batch.array.isChannelsLast)
        #expect(batch[1, 2, 0, 5].item(as: Float.self) == Float(source[36, 5].last!) / 255)
        #expect(Tensor.bytes(images: [source])[0, 1, 3, 4].item(as: Int.self) == Int(source[3, 4].dropFirst().first!))
        #expect(Image(batch[0]) == source)
        #expect(Image(Tensor.bytes(images: [source])[0]) == source)
    }

    @Test func letterboxesKeepTheShape() {
        // 810×1080 in 640×640: scaled to 480×640, 80 pixels of border to the left and right.
        let letterbox = Letterbox(imageHeight: 1080, imageWidth: 810, height: 640, width: 640)
        #expect((letterbox.scaledHeight, letterbox.scaledWidth) == (640, 480))
        #expect((letterbox.top, letterbox.left) == (0, 80))
        let box = Box(x1: 81, y1: 108, x2: 405, y2: 540)
        #expect(letterbox.frameBox(of: box) == Box(x1: 128, y1: 64, x2: 320, y2: 320))
        let back = letterbox.imageBox(of: Box(x1: 128, y1: 64, x2: 320, y2: 320))
        #expect(abs(back.x1 - 81) < 1e-3 && abs(back.y2 - 540) < 1e-3)
        #expect(letterbox.imageBox(of: Box(x1: 0, y1: 0, x2: 640, y2: 640)).clipped(height: 1080, width: 810).x2 == 810)
        let framed = Letterbox(ImageFixture.source, into: (64, 64), enlarges: false).apply(to: ImageFixture.source)
        #expect(Array(framed[0, 0]) == [114, 114, 114])
        #expect(Array(framed[13, 5]) == Array(ImageFixture.source[0, 0]))
    }
}
