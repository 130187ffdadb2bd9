import CJPEG
import Foundation
import Switchback

/// JPEG files (ITU-T T.81) through libjpeg.
enum JPEG {
    /// The markers that begin a frame, and so hold the sizes: all of SOF0 … SOF15 that are none of DHT, JPG and DAC.
    private static let frameMarkers = Set(0xC0...0xCF).subtracting([0xC4, 0xC8, 0xCC])
    private static let (applicationMarker, scanMarker, endMarker) = (0xE1, 0xDA, 0xD9)
    private static let exifName = Array("Exif\0\0".utf8)

    /// Walks the segments up to the first scan.
    static func header(_ bytes: UnsafeRawBufferPointer, _ name: String) throws -> ImageHeader {
        let reader = HeaderReader(bytes: bytes)
        var orientation = ImageOrientation.upright
        var position = 2
        while let marker = nextMarker(reader, &position), let length = reader.number(at: position, 2) {
            if frameMarkers.contains(marker) {
                guard let height = reader.number(at: position + 3, 2), let width = reader.number(at: position + 5, 2),
                    let channels = reader.number(at: position + 7, 1)
                else { break }
                guard height > 0, width > 0, [1, 3, 4].contains(channels) else {
                    let sizes = "\(width)×\(height) pixels of \(channels) channels"
                    throw InputError(name, "its header declares \(sizes), which cannot be decoded")
                }
                return ImageHeader(
                    .jpeg, height: height, width: width, orientation: orientation, fileChannels: channels)
            }
            if marker == scanMarker || marker == endMarker || length < 2 {
                throw InputError(name, "is damaged: its pixels come before their sizes")
            }
            if marker == applicationMarker, let segment = reader.slice(position + 2, length - 2),
                segment.starts(with: exifName)
            {
                orientation = EXIF.orientation(in: UnsafeRawBufferPointer(rebasing: segment[exifName.count...]))
            }
            position += length
        }
        throw InputError(name, "is cut short: it ends within its header")
    }

    /// The next marker's second byte; leaves `position` behind it.
    private static func nextMarker(_ reader: HeaderReader, _ position: inout Int) -> Int? {
        while let byte = reader.number(at: position, 1) {
            position += 1
            guard byte == 0xFF else { continue }
            while let marker = reader.number(at: position, 1) {
                position += 1
                if marker == 0 { break }
                if marker != 0xFF { return marker }
            }
        }
        return nil
    }

    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, _ name: String, as model: Image.ColorModel,
        minimumSide: Int?
    ) throws -> Image {
        let eighths = eighths(header, minimumSide: minimumSide)
        let height = (header.storedHeight * eighths + 7) / 8
        let width = (header.storedWidth * eighths + 7) / 8
        if header.fileChannels == 4 {
            let inks = try read(bytes, name, JCS_CMYK, .rgba, eighths, height, width)
            return inks.mixedFromInks().converted(to: model)
        }
        let space: J_COLOR_SPACE =
            switch model {
            case .gray: JCS_GRAYSCALE
            case .rgb: JCS_RGB
            case .rgba: JCS_EXT_RGBA
            }
        return try read(bytes, name, space, model, eighths, height, width)
    }

    /// The size to decode at: the smallest of 1/8, 1/4, 1/2 and the whole whose longer side is long enough.
    private static func eighths(_ header: ImageHeader, minimumSide: Int?) -> Int {
        guard let minimumSide else { return 8 }
        let longer = max(header.storedHeight, header.storedWidth)
        return [1, 2, 4].first { longer * $0 / 8 >= minimumSide } ?? 8
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ name: String, _ space: J_COLOR_SPACE, _ model: Image.ColorModel,
        _ eighths: Int, _ height: Int, _ width: Int
    ) throws -> Image {
        let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        return try Image(height: height, width: width, model) { pixels throws(InputError) in
            var status = SB_JPEG_OK
            let message = libraryMessage(capacity: Int(JMSG_LENGTH_MAX)) { buffer in
                let result = sb_jpeg_decode(
                    start, bytes.count, space, Int32(eighths), pixels.baseAddress, width * model.channelCount, height,
                    buffer)
                status = .init(UInt32(result))
            }
            switch status {
            case SB_JPEG_OK: return
            case SB_JPEG_NO_END: LackingEnds.warn(name)
            case SB_JPEG_CUT_SHORT: throw InputError(name, "is cut short: it ends before its last pixel")
            default: throw InputError(name, "is damaged: \(message)")
            }
        }
    }
}

/// The files that lack their last bytes but no pixel, each of which is told of once.
private enum LackingEnds {
    private static let lock = NSLock()
    nonisolated(unsafe) private static var known: Set<String> = []

    static func warn(_ name: String) {
        guard lock.withLock({ known.insert(name).inserted }) else { return }
        Diagnostics.warn("\(name): the file lacks its last bytes; all of its pixels are there, and it is read")
    }
}

extension Image {
    /// The bytes of a JPEG file, in RGB or gray; `quality` is from 1 to 100.
    public func jpegData(quality: Int = 95) throws -> [UInt8] {
        let opaque = colorModel == .rgba ? converted(to: .rgb) : self
        var bytes: UnsafeMutablePointer<UInt8>?
        var count: UInt = 0
        var status: Int32 = 0
        let message = libraryMessage(capacity: Int(JMSG_LENGTH_MAX)) { message in
            opaque.pixels.withUnsafeBufferPointer { pixels in
                status = sb_jpeg_encode(
                    pixels.baseAddress, Int32(width), Int32(height), Int32(opaque.channels),
                    Int32(min(100, max(1, quality))), &bytes, &count, message)
            }
        }
        guard status == 0, let bytes else {
            throw InputError("an image of \(width)×\(height) pixels", "cannot be written as JPEG: \(message)")
        }
        defer { free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }

    /// An image of cyan, magenta, yellow and black, inverted as Adobe's programs save it, in RGB.
    fileprivate func mixedFromInks() -> Image {
        Image(height: height, width: width, .rgb) { target in
            for position in 0..<height * width {
                let black = Int(pixels[4 * position + 3])
                for channel in 0..<3 {
                    target[3 * position + channel] = UInt8((Int(pixels[4 * position + channel]) * black + 127) / 255)
                }
            }
        }
    }
}
