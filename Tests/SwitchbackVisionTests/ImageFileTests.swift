import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

@Suite struct ImageFileTests {
    static let decoded = ImageFixture.tensors.keys.filter { $0.hasPrefix("pixels/") }.sorted()

    @Test(arguments: decoded) func pixelsAreThoseOfOpenCV(_ key: String) throws {
        let name = String(key.dropFirst("pixels/".count))
        let image = try ImageFixture.decode(ImageFixture.file(name))
        // Inks are mixed by rounding, where Pillow cuts off.
        let tolerance = name == "jpeg_cmyk" ? 1 : 0
        #expect(ImageFixture.difference(image, ImageFixture.image(key)) <= tolerance)
    }

    @Test(arguments: ["jpeg", "jpeg_444", "jpeg_progressive"])
    func smallImagesAreDecodedAtTheirSize(_ name: String) throws {
        let image = try ImageFixture.decode(ImageFixture.file(name), minimumSide: 26)
        #expect(ImageFixture.difference(image, ImageFixture.image("half/\(name)")) == 0)
        #expect(try ImageFixture.decode(ImageFixture.file(name), minimumSide: 27).width == 53)
        #expect(try ImageFixture.decode(ImageFixture.file(name), minimumSide: 6).width == 7)
    }

    @Test func colorsBecomeGreyAndOpacityIsKept() throws {
        let gray = try ImageFixture.decode(ImageFixture.file("png"), as: .gray)
        #expect(ImageFixture.difference(gray, ImageFixture.image("grey/png")) == 0)
        let clear = try ImageFixture.decode(ImageFixture.file("png_alpha"), as: .rgba)
        #expect(ImageFixture.difference(clear, ImageFixture.image("rgba/png_alpha")) == 0)
        let opaque = try ImageFixture.decode(ImageFixture.file("jpeg"), as: .rgba)
        #expect(opaque[0, 0].last == 255)
        #expect(try ImageFixture.decode(ImageFixture.file("jpeg_cmyk"), as: .gray).channels == 1)
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let folder = try TemporaryFolder()
        for image in [ImageFixture.source, ImageFixture.source.converted(to: .gray)] {
            try image.save(to: folder.path("a.png"))
            #expect(try Image.load(folder.path("a.png"), as: image.colorModel) == image)
            try image.save(to: folder.path("a.jpg"), quality: 100)
            let lossy = try Image.load(folder.path("a.jpg"), as: image.colorModel)
            #expect(ImageFixture.difference(lossy, image) < 60)
        }
        let clear = ImageFixture.image("rgba/png_alpha")
        try clear.save(to: folder.path("b.png"))
        #expect(try Image.load(folder.path("b.png"), as: .rgba) == clear)
        #expect(throws: InputError.self) { try clear.save(to: folder.path("b.gif")) }
        #expect(folder.contents == ["a.jpg", "a.png", "b.png"])
    }

    @Test func headersTellTheUprightSize() throws {
        let folder = try TemporaryFolder()
        let header = try ImageHeader.load(folder.write(ImageFixture.file("exif6"), to: "a.jpg"))
        #expect((header.height, header.width) == (53, 37))
        #expect(header.format == .jpeg)
        let png = try ImageHeader.load(folder.write(ImageFixture.file("png"), to: "a.png"))
        #expect((png.height, png.width) == (37, 53))
    }

    // MARK: - Bad input

    @Test(arguments: ["jpeg", "jpeg_progressive", "png"]) func filesThatAreCutShortAreRefused(_ name: String) {
        let bytes = ImageFixture.file(name)
        // The last bytes are the mark of the end, and what fills up the last byte of pixels.
        for count in stride(from: 0, to: bytes.count - 3, by: 7) {
            #expect(throws: InputError.self) { try ImageFixture.decode(Array(bytes.prefix(count))) }
        }
    }

    @Test(arguments: ["jpeg", "jpeg_progressive"]) func filesThatLackTheirEndAloneAreRead(_ name: String) throws {
        let bytes = ImageFixture.file(name)
        let whole = try ImageFixture.decode(bytes)
        for missing in 1...2 { #expect(try ImageFixture.decode(Array(bytes.dropLast(missing))) == whole) }
    }

    @Test(arguments: ["jpeg", "jpeg_progressive", "png", "png_palette", "exif3"])
    func damagedFilesDoNotCrash(_ name: String) {
        let bytes = ImageFixture.file(name)
        for round in 0..<400 {
            let generator = Switchback.Generator(seed: 1, epoch: round)
            var damaged = bytes
            for position in Tensor.randint(0..<bytes.count, [3], generator: generator).toArray(as: Int.self) {
                damaged[position] = UInt8(truncatingIfNeeded: position &* 31 &+ round)
            }
            _ = try? ImageFixture.decode(damaged, pixelLimit: 100_000)
        }
    }

    @Test func hugeImagesAreRefusedBeforeTheyAreDecoded() throws {
        var png = ImageFixture.file("png")
        for side in [16, 20] { png.replaceSubrange(side..<side + 4, with: [0, 0, 0xEA, 0x60]) }
        let problem = #expect(throws: InputError.self) { try ImageFixture.decode(png) }
        #expect(problem?.description.contains("60000×60000") == true)
        var jpeg = ImageFixture.file("jpeg")
        let frame = try #require(jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xEA, 0x60, 0xEA, 0x60])
        let other = #expect(throws: InputError.self) { try ImageFixture.decode(jpeg) }
        #expect(other?.description.contains("60000×60000") == true)
        #expect(throws: InputError.self) { try ImageFixture.decode(ImageFixture.file("png"), pixelLimit: 1960) }
        #expect(try ImageFixture.decode(ImageFixture.file("png"), pixelLimit: 1961).height == 37)
    }

    @Test func otherFilesAreNamed() throws {
        let folder = try TemporaryFolder()
        let heic = try folder.write([0, 0, 0, 24] + Array("ftypheic".utf8) + [0, 0], to: "a.heic")
        let problem = #expect(throws: InputError.self) { try Image.load(heic) }
        #expect(problem?.subject == heic && problem?.problem.contains("HEIC") == true)
        #expect(throws: InputError.self) { try Image.load(folder.path("missing.jpg")) }
        #expect(throws: InputError.self) { try Image.load(folder.write("", to: "empty.jpg")) }
        #expect(throws: InputError.self) { try Image.load(folder.url.path) }
    }
}
