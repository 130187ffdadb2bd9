import CTIFF
import Switchback

/// TIFF files (Adobe, "TIFF Revision 6.0", 1992) through libtiff: the first image of a file, in 8 bits a channel.
enum TIFF {
    /// In either byte order.
    static let signatures: [[UInt8]] = [[0x49, 0x49, 0x2A, 0], [0x4D, 0x4D, 0, 0x2A]]

    static func header(_ bytes: UnsafeRawBufferPointer, _ name: String) throws -> ImageHeader {
        var (width, height): (UInt32, UInt32) = (0, 0)
        var (samples, orientation): (UInt16, UInt16) = (1, 1)
        let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        guard sb_tiff_header(start, bytes.count, &width, &height, &samples, &orientation) != 0, width > 0, height > 0
        else { throw InputError(name, "is damaged: it holds no TIFF image") }
        return ImageHeader(
            .tiff, height: Int(height), width: Int(width),
            orientation: ImageOrientation(rawValue: Int(orientation)) ?? .upright, fileChannels: Int(samples))
    }

    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, _ name: String, as model: Image.ColorModel
    ) throws -> Image {
        let (height, width) = (header.storedHeight, header.storedWidth)
        let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        let image = try Image(height: height, width: width, .rgba) { pixels throws(InputError) in
            var status: Int32 = 0
            let message = libraryMessage(capacity: Int(SB_TIFF_MESSAGE)) { buffer in
                UnsafeMutableRawBufferPointer(pixels).withMemoryRebound(to: UInt32.self) { words in
                    status = sb_tiff_decode(
                        start, bytes.count, UInt32(width), UInt32(height), words.baseAddress, buffer)
                }
            }
            if status == 0 { throw InputError(name, "cannot be decoded: \(message)") }
        }
        return image.converted(to: model)
    }
}
