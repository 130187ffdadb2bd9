import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// Images as pages show them: decoded, made small and encoded again, so that no byte of a file that somebody sent reaches
/// a browser.
enum ImagePreviews {
    enum Kind: String, CaseIterable, Sendable {
        /// For the grid; kept on disk.
        case thumb
        /// For the editor.
        case view

        var longerSide: Int { self == .thumb ? 256 : 2048 }
        var quality: Int { self == .thumb ? 80 : 92 }
    }

    /// A few megabytes may stand for very many pixels, and all of them are in memory while the image is made small.
    private static let pixelLimit = 64_000_000

    /// The bytes of a JPEG file.
    ///
    /// - Parameter folder: where thumbnails are kept.
    /// - Throws: `InputError` where the image cannot be decoded.
    static func bytes(_ image: IndexedImage, _ kind: Kind, in folder: String) throws -> [UInt8] {
        let number = String(image.id, radix: 16)
        let kept = Folder.join(folder, "thumbs/\(number.suffix(2))/\(number)-\(image.version).jpg")
        if kind == .thumb, let bytes = FileManager.default.contents(atPath: kept) { return Array(bytes) }
        let bytes = try small(image.path, kind)
        // A folder that cannot be written is no reason not to show the image.
        if kind == .thumb, (try? OutputFolder.make(Folder.parent(kept))) != nil {
            try? AtomicFile.write(to: kept) { try $0.append(bytes) }
        }
        return bytes
    }

    /// The bytes of a JPEG file of any image.
    static func small(_ path: String, _ kind: Kind = .thumb) throws -> [UInt8] {
        try image(path, kind).jpegData(quality: kind.quality)
    }

    /// The pixels of any image as a page shows it.
    ///
    /// - Throws: `InputError` where the image cannot be decoded.
    static func image(_ path: String, _ kind: Kind) throws -> Image {
        let side = kind.longerSide
        let found = try Image.load(path, minimumSide: side, pixelLimit: pixelLimit)
        return max(found.width, found.height) > side ? found.resized(longerSide: side, .area) : found
    }
}
