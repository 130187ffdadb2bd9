import CGIF
import Switchback

/// GIF files (CompuServe, "GIF89a Specification", 1990) through giflib: the first image of a file.
enum GIF {
    static let signature: [UInt8] = Array("GIF8".utf8)

    /// The sizes of the canvas, which the images of the file are drawn on.
    static func header(_ bytes: UnsafeRawBufferPointer, _ name: String) throws -> ImageHeader {
        guard bytes.count >= 13 else { throw InputError(name, "is cut short: it ends within its header") }
        let (width, height) = (Int(bytes[6]) | Int(bytes[7]) << 8, Int(bytes[8]) | Int(bytes[9]) << 8)
        guard width > 0, height > 0 else { throw InputError(name, "is damaged: its header speaks of no pixels") }
        return ImageHeader(.gif, height: height, width: width, orientation: .upright, fileChannels: 3)
    }

    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, _ name: String, as model: Image.ColorModel
    ) throws -> Image {
        let (height, width) = (header.storedHeight, header.storedWidth)
        let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        let image = try Image(height: height, width: width, .rgb) { pixels throws(InputError) in
            pixels.initialize(repeating: 0)
            var line = [UInt8](repeating: 0, count: width)
            var status: Int32 = 0
            let message = libraryMessage(capacity: Int(SB_GIF_MESSAGE)) { buffer in
                status = sb_gif_decode(
                    start, bytes.count, Int32(width), Int32(height), pixels.baseAddress, &line, buffer)
            }
            if status == 0 { throw InputError(name, "is damaged: \(message)") }
        }
        return image.converted(to: model)
    }
}
