import CWebP
import Switchback

/// WebP files (RFC 9649) through libwebp.
enum WebP {
    /// `RIFF`, four bytes of length, `WEBP`.
    static func isSignature(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 12 && bytes.starts(with: Array("RIFF".utf8)) && bytes[8..<12].elementsEqual("WEBP".utf8)
    }

    static func header(_ bytes: UnsafeRawBufferPointer, _ name: String) throws -> ImageHeader {
        var features = WebPBitstreamFeatures()
        let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        guard WebPGetFeatures(start, bytes.count, &features) == VP8_STATUS_OK else {
            throw InputError(name, "is damaged: its header is none of a WebP image")
        }
        if features.has_animation != 0 {
            throw InputError(
                name, "is an animated WebP, which is not read", remedy: "convert it to a video or to images")
        }
        return ImageHeader(
            .webp, height: Int(features.height), width: Int(features.width), orientation: orientation(bytes),
            fileChannels: features.has_alpha != 0 ? 4 : 3)
    }

    /// The orientation in the chunk `EXIF`, if there is one.
    private static func orientation(_ bytes: UnsafeRawBufferPointer) -> ImageOrientation {
        var position = 12
        while position + 8 <= bytes.count {
            let length = (0..<4).reduce(0) { $0 | Int(bytes[position + 4 + $1]) << (8 * $1) }
            if bytes[position..<position + 4].elementsEqual("EXIF".utf8), position + 8 + length <= bytes.count {
                let chunk = UnsafeRawBufferPointer(rebasing: bytes[position + 8..<position + 8 + length])
                // Some programs put the mark of JPEG's segment before it.
                let mark = Array("Exif\0\0".utf8)
                return EXIF.orientation(
                    in: chunk.starts(with: mark) ? UnsafeRawBufferPointer(rebasing: chunk[mark.count...]) : chunk)
            }
            position += 8 + length + length % 2
        }
        return .upright
    }

    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, _ name: String, as model: Image.ColorModel
    ) throws -> Image {
        let decoded: Image.ColorModel = model == .rgba ? .rgba : .rgb
        let (height, width) = (header.storedHeight, header.storedWidth)
        let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        let image = try Image(height: height, width: width, decoded) { pixels throws(InputError) in
            let decode = decoded == .rgba ? WebPDecodeRGBAInto : WebPDecodeRGBInto
            let row = Int32(width * decoded.channelCount)
            guard decode(start, bytes.count, pixels.baseAddress, pixels.count, row) != nil else {
                throw InputError(name, "is damaged or cut short: its pixels cannot be decoded")
            }
        }
        return image.converted(to: model)
    }
}
