import CPNG
import Switchback

/// PNG files (ISO/IEC 15948) through libpng.
enum PNG {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    /// By color type: gray, color, palette, gray and opacity, color and opacity.
    private static let channelsByColorType = [0: 1, 2: 3, 3: 3, 4: 2, 6: 4]

    /// Reads the first chunk, IHDR, and the orientation in eXIf, if there is one before the pixels.
    static func header(_ bytes: UnsafeRawBufferPointer, _ name: String) throws -> ImageHeader {
        let reader = HeaderReader(bytes: bytes)
        guard let height = reader.number(at: 20, 4), let width = reader.number(at: 16, 4),
            let bits = reader.number(at: 24, 1), let colorType = reader.number(at: 25, 1)
        else { throw InputError(name, "is cut short: it ends within its header") }
        guard chunkName(reader, 8) == "IHDR", height > 0, width > 0, let channels = channelsByColorType[colorType]
        else { throw InputError(name, "is damaged: its header is not that of a PNG image") }
        return ImageHeader(
            .png, height: height, width: width, orientation: orientation(reader), fileChannels: channels,
            channelBits: bits)
    }

    private static func orientation(_ reader: HeaderReader) -> ImageOrientation {
        var position = 8
        while let length = reader.number(at: position, 4), let name = chunkName(reader, position), name != "IDAT" {
            if name == "eXIf", let chunk = reader.slice(position + 8, length) {
                return EXIF.orientation(in: chunk)
            }
            position += length + 12
        }
        return .upright
    }

    private static func chunkName(_ reader: HeaderReader, _ position: Int) -> String? {
        reader.slice(position + 4, 4).map { String(decoding: $0, as: UTF8.self) }
    }

    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, _ name: String, as model: Image.ColorModel
    ) throws -> Image {
        // libpng would weigh colors by the file's gamma to make them gray.
        let decoded: Image.ColorModel = model == .gray && header.fileChannels >= 3 ? .rgb : model
        let (height, width) = (header.storedHeight, header.storedWidth)
        let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        let image = try Image(height: height, width: width, decoded) { pixels throws(InputError) in
            var status: Int32 = 0
            let message = libraryMessage(capacity: Int(SB_PNG_MESSAGE)) { buffer in
                status = sb_png_decode(
                    start, bytes.count, UInt32(width), UInt32(height), Int32(decoded.channelCount), pixels.baseAddress,
                    buffer)
            }
            if status != 0 { throw InputError(name, "is damaged: \(message)") }
        }
        return image.converted(to: model)
    }
}

extension Image {
    /// The bytes of a PNG file.
    public func pngData() throws -> [UInt8] {
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        var status: Int32 = 0
        let message = libraryMessage(capacity: Int(SB_PNG_MESSAGE)) { message in
            pixels.withUnsafeBufferPointer { pixels in
                status = sb_png_encode(
                    pixels.baseAddress, UInt32(width), UInt32(height), Int32(channels), &bytes, &count, message)
            }
        }
        guard status == 0, let bytes else {
            throw InputError("an image of \(width)×\(height) pixels", "cannot be written as PNG: \(message)")
        }
        defer { free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }
}
