import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import TestSupport

/// What Tests/Fixtures/make_images.py wrote: files of images and what OpenCV makes of them.
enum ImageFixture {
    nonisolated(unsafe) static let tensors: [String: Tensor] = {
        try! Safetensors.load(fixtureFolder.appendingPathComponent("images.safetensors").path)
    }()

    static var source: Image { image("source") }

    /// The image [height, width, channels] or [height, width] of that name.
    static func image(_ name: String) -> Image {
        let tensor = tensors[name]!
        let model = Image.ColorModel(rawValue: tensor.rank == 3 ? tensor.shape[2] : 1)!
        return Image(
            height: tensor.shape[0], width: tensor.shape[1], model, pixels: tensor.toArray(as: UInt8.self))
    }

    /// The bytes of the file of that name.
    static func file(_ name: String) -> [UInt8] { tensors["file/\(name)"]!.toArray(as: UInt8.self) }

    static func decode(
        _ bytes: [UInt8], as model: Image.ColorModel = .rgb, minimumSide: Int? = nil,
        pixelLimit: Int = Image.pixelLimit
    ) throws -> Image {
        try bytes.withUnsafeBytes {
            try Image.decode($0, name: "a.jpg", as: model, minimumSide: minimumSide, pixelLimit: pixelLimit)
        }
    }

    /// The largest difference of two bytes at the same place; 255 where sizes differ.
    static func difference(_ a: Image, _ b: Image) -> Int {
        guard a.height == b.height, a.width == b.width, a.colorModel == b.colorModel else { return 255 }
        return zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }
}
