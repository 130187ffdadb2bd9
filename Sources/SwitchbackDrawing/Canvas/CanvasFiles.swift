import CCairo
import Switchback
import SwitchbackFormats

// A canvas as a file or as pixels.

extension Canvas {
    /// Writes a PNG file, whole or not at all.
    ///
    /// - Parameter scale: pixels for each unit of the canvas; fewer where a side would have more than 16,384.
    /// - Throws: `InputError` if the file cannot be written.
    public func writePNG(to path: String, scale: Double = 1) throws {
        let image = try render(scale: scale)
        defer { cairo_surface_destroy(image) }
        var bytes: [UInt8] = []
        let status = withUnsafeMutablePointer(to: &bytes) {
            cairo_surface_write_to_png_stream(image, collectBytes, $0)
        }
        guard status == CAIRO_STATUS_SUCCESS else { throw InputError(path, cannotDraw: status) }
        try AtomicFile.write(to: path) { try $0.append(bytes) }
    }

    /// Writes an SVG file, whole or not at all. Letters become outlines: the file looks the same on every machine.
    ///
    /// - Throws: `InputError` if the file cannot be written.
    public func writeSVG(to path: String) throws {
        let bytes = try svg()
        try AtomicFile.write(to: path) { try $0.append(bytes) }
    }

    /// Writes a PNG or an SVG file, as the path's ending says.
    ///
    /// - Parameter scale: pixels of a PNG for each unit of the canvas; fewer where a side would have more than 16,384.
    /// - Throws: `InputError` if the ending is another, or the file cannot be written.
    public func write(to path: String, scale: Double = 1) throws {
        switch path.split(separator: ".").last?.lowercased() {
        case "png": try writePNG(to: path, scale: scale)
        case "svg": try writeSVG(to: path)
        default:
            throw InputError(path, "is not a supported image format", remedy: "end it with .png or .svg")
        }
    }

    /// The image as pixels, of which a side has at most 16,384; what is transparent turns black.
    ///
    /// - Throws: `InputError` if there is no memory for it.
    public func raster(scale: Double = 1) throws -> Raster {
        let image = try render(scale: scale)
        defer { cairo_surface_destroy(image) }
        let (width, height) = (Int(cairo_image_surface_get_width(image)), Int(cairo_image_surface_get_height(image)))
        let stride = Int(cairo_image_surface_get_stride(image))
        guard let data = cairo_image_surface_get_data(image) else {
            throw InputError("image", cannotDraw: cairo_surface_status(image))
        }
        var rgb: [UInt8] = []
        rgb.reserveCapacity(3 * width * height)
        for y in 0..<height {
            let row = UnsafeRawPointer(data + y * stride)
            for x in 0..<width {
                let pixel = row.load(fromByteOffset: 4 * x, as: UInt32.self)
                rgb.append(UInt8(truncatingIfNeeded: pixel >> 16))
                rgb.append(UInt8(truncatingIfNeeded: pixel >> 8))
                rgb.append(UInt8(truncatingIfNeeded: pixel))
            }
        }
        return Raster(width: width, height: height, rgb: rgb)
    }

    private func svg() throws -> [UInt8] {
        var bytes: [UInt8] = []
        let status = withUnsafeMutablePointer(to: &bytes) { bytes in
            let target = cairo_svg_surface_create_for_stream(collectBytes, bytes, size.width, size.height)
            defer { cairo_surface_destroy(target) }
            cairo_svg_surface_set_document_unit(target, CAIRO_SVG_UNIT_PX)
            replay(on: target, scale: 1)
            cairo_surface_finish(target)
            return cairo_surface_status(target)
        }
        guard status == CAIRO_STATUS_SUCCESS else { throw InputError("image", cannotDraw: status) }
        return bytes
    }

    /// The most pixels of a side: Cairo draws up to 32,767, which few programs show.
    private static let longestSide = 16_384.0

    /// An image surface with the image on it, which the caller destroys.
    private func render(scale: Double) throws -> OpaquePointer? {
        let scale = min(scale, Self.longestSide / max(size.width, size.height))
        func pixels(_ side: Double) -> Int32 { Int32(min(max((side * scale).rounded(.up), 1), Self.longestSide)) }
        let image = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, pixels(size.width), pixels(size.height))
        replay(on: image, scale: scale)
        cairo_surface_flush(image)
        let status = cairo_surface_status(image)
        guard status == CAIRO_STATUS_SUCCESS else {
            cairo_surface_destroy(image)
            throw InputError("image", cannotDraw: status)
        }
        return image
    }

    private func replay(on target: OpaquePointer?, scale: Double) {
        let context = cairo_create(target)
        defer { cairo_destroy(context) }
        cairo_scale(context, scale, scale)
        cairo_set_source_surface(context, surface, 0, 0)
        cairo_paint(context)
    }
}

/// Adds what Cairo has encoded to an array of bytes.
private func collectBytes(
    _ array: UnsafeMutableRawPointer?, _ data: UnsafePointer<UInt8>?, _ count: UInt32
)
    -> cairo_status_t
{
    guard let array, let data else { return CAIRO_STATUS_WRITE_ERROR }
    let bytes = array.assumingMemoryBound(to: [UInt8].self)
    bytes.pointee.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
    return CAIRO_STATUS_SUCCESS
}

extension Raster {
    /// The image in Cairo's memory, which the caller destroys.
    func cairoSurface() -> OpaquePointer? {
        let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
        guard let data = cairo_image_surface_get_data(surface) else {
            cairo_surface_destroy(surface)
            return nil
        }
        let stride = Int(cairo_image_surface_get_stride(surface))
        for y in 0..<height {
            let row = UnsafeMutableRawPointer(data + y * stride)
            for x in 0..<width {
                let i = 3 * (y * width + x)
                let pixel = UInt32(rgb[i]) << 16 | UInt32(rgb[i + 1]) << 8 | UInt32(rgb[i + 2])
                row.storeBytes(of: pixel, toByteOffset: 4 * x, as: UInt32.self)
            }
        }
        cairo_surface_mark_dirty(surface)
        return surface
    }
}

extension InputError {
    fileprivate init(_ subject: String, cannotDraw status: cairo_status_t) {
        self.init(subject, "cannot be drawn: \(String(cString: cairo_status_to_string(status)))")
    }
}
