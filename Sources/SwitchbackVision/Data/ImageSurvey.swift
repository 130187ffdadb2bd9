import Foundation
import Switchback
import SwitchbackFormats

/// Looks at the heads and ends of many image files: enough to know their sizes and to notice most of the damaged ones
/// without decoding them.
package enum ImageSurvey {
    /// Endings of images that are not read, so that they are reported instead of passed over.
    package static let foreignExtensions = [
        "heic", "heif", "avif", "jp2", "jxl", "dng", "pfm", "ppm", "pgm", "pbm", "tga", "ico", "exr",
    ]

    /// The images in a folder and its folders, those that cannot be read among them.
    package static func files(under folder: String) throws -> [String] {
        try Folder.files(under: folder, extensions: Image.fileExtensions + foreignExtensions)
    }

    /// The head of a file. Throws `InputError` if it is damaged, or ends before its last pixel.
    package static func header(_ path: String) throws -> ImageHeader {
        let file = try MappedFile(path)
        let bytes = UnsafeRawBufferPointer(file.bytes)
        let header = try ImageHeader(bytes, path)
        guard header.pixelCount <= Image.pixelLimit else {
            let sizes = "\(header.storedWidth)×\(header.storedHeight)"
            throw InputError(path, "is an image of \(sizes) pixels, and at most \(Image.pixelLimit) in all are read")
        }
        if !hasEnd(bytes, header.format) {
            // Of a JPEG file only the mark may be missing, which decoding tells.
            guard header.format == .jpeg else { throw InputError(path, "is cut short: it ends before its last pixel") }
            _ = try Image.decode(bytes, name: path)
        }
        return header
    }

    /// Whether the mark of the end is there, where the format has one; other bytes may follow it.
    private static func hasEnd(_ bytes: UnsafeRawBufferPointer, _ format: ImageHeader.Format) -> Bool {
        switch format {
        case .jpeg: return holds([0xFF, 0xD9], bytes)
        case .png: return holds(Array("IEND".utf8), bytes)
        case .gif: return holds([0x3B], bytes)
        case .webp:
            let length = (0..<4).reduce(0) { $0 | Int(bytes[4 + $1]) << (8 * $1) }
            return bytes.count >= 8 + length
        case .bmp, .tiff: return true
        }
    }

    /// Whether a mark stands somewhere behind the first byte. Within the pixels of a JPEG file its mark cannot occur,
    /// and within those of a PNG file it hardly does.
    private static func holds(_ mark: [UInt8], _ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = bytes.count - mark.count
        while position > 0 {
            if bytes[position] == mark[0] && bytes[position..<position + mark.count].elementsEqual(mark) { return true }
            position -= 1
        }
        return false
    }

    /// Applies `body` to each element, on all CPUs.
    ///
    /// - Parameter chunk: how many elements a CPU takes at a time.
    package static func map<Element: Sendable, Result: Sendable>(
        _ paths: [Element], chunk: Int = 64, _ body: @Sendable (Element) -> Result
    ) -> [Result] {
        let chunks = (paths.count + chunk - 1) / chunk
        return [Result?](unsafeUninitializedCapacity: paths.count) { buffer, count in
            buffer.initialize(repeating: nil)
            nonisolated(unsafe) let results = buffer
            DispatchQueue.concurrentPerform(iterations: chunks) { number in
                for index in number * chunk..<min(paths.count, (number + 1) * chunk) {
                    results[index] = body(paths[index])
                }
            }
            count = paths.count
        }.compactMap { $0 }
    }
}
