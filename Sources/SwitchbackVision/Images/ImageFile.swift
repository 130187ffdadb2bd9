import Foundation
import Switchback
import SwitchbackFormats

/// The header of an image file, read before any pixel is decoded.
public struct ImageHeader: Sendable {
    public enum Format: String, Sendable {
        case jpeg = "JPEG", png = "PNG", bmp = "BMP", gif = "GIF", tiff = "TIFF", webp = "WebP"
    }

    public let format: Format
    /// The sizes of the image as it is stored, not yet turned upright.
    public let storedHeight, storedWidth: Int
    public let orientation: ImageOrientation
    /// How many channels the file has: 1 gray, 2 gray with opacity, 3 color, 4 color with opacity or the four printing
    /// inks.
    let fileChannels: Int
    /// How many bits each of them has.
    let channelBits: Int

    /// The sizes of the image, upright.
    public var height: Int { orientation.exchangesSides ? storedWidth : storedHeight }
    public var width: Int { orientation.exchangesSides ? storedHeight : storedWidth }

    /// Reads the head of an image file. Throws `InputError` if it is none that is known, or damaged.
    public static func load(_ path: String) throws -> ImageHeader {
        let file = try MappedFile(path)
        return try ImageHeader(UnsafeRawBufferPointer(file.bytes), path)
    }

    /// As many as the file speaks of; the most that a number can be, if it speaks of more.
    package var pixelCount: Int {
        let (count, isTooMuch) = storedHeight.multipliedReportingOverflow(by: storedWidth)
        return isTooMuch ? .max : count
    }

    /// - Parameter name: what messages call the bytes.
    package init(_ bytes: UnsafeRawBufferPointer, _ name: String) throws {
        if bytes.starts(with: [0xFF, 0xD8]) {
            self = try JPEG.header(bytes, name)
        } else if bytes.starts(with: PNG.signature) {
            self = try PNG.header(bytes, name)
        } else if WebP.isSignature(bytes) {
            self = try WebP.header(bytes, name)
        } else if bytes.starts(with: GIF.signature) {
            self = try GIF.header(bytes, name)
        } else if TIFF.signatures.contains(where: { bytes.starts(with: $0) }) {
            self = try TIFF.header(bytes, name)
        } else if bytes.starts(with: BMP.signature) {
            self = try BMP.header(bytes, name)
        } else {
            throw InputError(
                name, "is not a JPEG, PNG, WebP, TIFF, BMP or GIF image\(ImageHeader.guess(bytes))")
        }
    }

    init(
        _ format: Format, height: Int, width: Int, orientation: ImageOrientation, fileChannels: Int,
        channelBits: Int = 8
    ) {
        self.format = format
        storedHeight = height
        storedWidth = width
        self.orientation = orientation
        self.fileChannels = fileChannels
        self.channelBits = channelBits
    }

    /// A guess at the actual format, for the message.
    private static func guess(_ bytes: UnsafeRawBufferPointer) -> String {
        let brands = ["heic": "HEIC", "heix": "HEIC", "mif1": "HEIC", "avif": "AVIF", "jp2 ": "JPEG 2000"]
        guard bytes.count >= 12, bytes[4..<8].elementsEqual("ftyp".utf8) else { return "" }
        let brand = brands[String(decoding: bytes[8..<12], as: UTF8.self)]
        return brand.map { ": it seems to be \($0), which must be converted, to JPEG for example" } ?? ""
    }
}

extension Image {
    /// An image of more pixels than this is refused before memory is set aside for it.
    public static let pixelLimit = 100_000_000

    /// The endings of the names of files that `load` reads.
    public static let fileExtensions = ["jpg", "jpeg", "jfif", "png", "webp", "tif", "tiff", "bmp", "gif"]

    /// Reads an image file, of a GIF or TIFF file the first image, and turns the image upright as its EXIF data say.
    ///
    /// - Parameters:
    ///   - model: what the image should become; opacity is dropped unless asked for.
    ///   - minimumSide: where the longer side need not be longer than this, a JPEG file is decoded at an eighth, a
    ///     quarter or a half of its size if that suffices, which is faster and averages what it leaves away.
    /// - Throws: `InputError` where the file is not an image, damaged, cut short or of more than `pixelLimit` pixels.
    public static func load(
        _ path: String, as model: ColorModel = .rgb, minimumSide: Int? = nil, pixelLimit: Int = Image.pixelLimit
    ) throws -> Image {
        let file = try MappedFile(path)
        return try decode(
            UnsafeRawBufferPointer(file.bytes), name: path, as: model, minimumSide: minimumSide, pixelLimit: pixelLimit)
    }

    /// Decodes the bytes of an image file, as `load` does. `name` is what messages call them.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, name: String, as model: ColorModel = .rgb, minimumSide: Int? = nil,
        pixelLimit: Int = Image.pixelLimit
    ) throws -> Image {
        let header = try ImageHeader(bytes, name)
        guard header.pixelCount <= pixelLimit else {
            let sizes = "\(header.storedWidth)×\(header.storedHeight)"
            throw InputError(name, "is an image of \(sizes) pixels, and at most \(pixelLimit) in all are read")
        }
        let image =
            switch header.format {
            case .jpeg: try JPEG.decode(bytes, header, name, as: model, minimumSide: minimumSide)
            case .png: try PNG.decode(bytes, header, name, as: model)
            case .bmp: try BMP.decode(bytes, header, name, as: model)
            case .gif: try GIF.decode(bytes, header, name, as: model)
            case .tiff: try TIFF.decode(bytes, header, name, as: model)
            case .webp: try WebP.decode(bytes, header, name, as: model)
            }
        return image.oriented(header.orientation)
    }

    /// Writes a file of the format that the name ends in: `.jpg`, `.jpeg` or `.png`. JPEG files have no opacity.
    public func save(to path: String, quality: Int = 95) throws {
        let bytes: [UInt8]
        switch (path as NSString).pathExtension.lowercased() {
        case "jpg", "jpeg": bytes = try jpegData(quality: quality)
        case "png": bytes = try pngData()
        default:
            throw InputError(path, "is not a supported image format", remedy: "use .jpg or .png")
        }
        try AtomicFile.write(to: path) { try $0.append(bytes) }
    }
}

/// Bytes of a file, read by position; multi-byte numbers have their most significant byte first.
struct HeaderReader {
    let bytes: UnsafeRawBufferPointer

    func number(at position: Int, _ count: Int) -> Int? {
        guard position >= 0, position + count <= bytes.count else { return nil }
        return bytes[position..<position + count].reduce(0) { $0 << 8 | Int($1) }
    }

    func slice(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer? {
        guard start >= 0, count >= 0, start + count <= bytes.count else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
    }
}
