import Switchback

/// Windows bitmaps, uncompressed: 1, 4 or 8 bits of a palette, or 16, 24 or 32 bits of color.
enum BMP {
    static let signature: [UInt8] = Array("BM".utf8)

    /// What the file's header says of its pixels.
    private struct Layout {
        let width, height: Int
        /// Whether rows begin at the top, and not at the bottom.
        let isTopDown: Bool
        let bits: Int
        /// Where the palette and the pixels begin, in bytes.
        let paletteStart, pixelStart: Int
        /// Bytes of a palette's entry.
        let entrySize: Int
        /// The bits of red, green and blue within a pixel of 16 or 32.
        let masks: [UInt32]

        init(_ bytes: UnsafeRawBufferPointer, _ name: String) throws {
            func number(_ position: Int, _ count: Int) throws -> Int {
                guard position >= 0, position + count <= bytes.count else {
                    throw InputError(name, "is cut short: it ends within its header")
                }
                return (0..<count).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
            }
            let headerSize = try number(14, 4)
            let isOld = headerSize == 12
            width = try isOld ? number(18, 2) : Int(Int32(truncatingIfNeeded: number(18, 4)))
            let rows = try isOld ? number(20, 2) : Int(Int32(truncatingIfNeeded: number(22, 4)))
            (height, isTopDown) = (abs(rows), rows < 0)
            bits = try number(isOld ? 24 : 28, 2)
            pixelStart = try number(10, 4)
            entrySize = isOld ? 3 : 4
            let compression = try isOld ? 0 : number(30, 4)
            guard isOld || headerSize >= 40, width > 0, height > 0, [1, 4, 8, 16, 24, 32].contains(bits) else {
                throw InputError(name, "is damaged: its header is none of a BMP image")
            }
            guard [0, 3, 6].contains(compression) else {
                throw InputError(name, "is a compressed BMP, which is not read", remedy: "save it as PNG")
            }
            let usesMasks = compression != 0
            masks =
                try usesMasks
                ? [54, 58, 62].map { try UInt32(truncatingIfNeeded: number($0, 4)) }
                : bits == 16 ? [0x7C00, 0x03E0, 0x001F] : [0xFF0000, 0x00FF00, 0x0000FF]
            paletteStart = 14 + headerSize + (usesMasks && headerSize == 40 ? 12 : 0)
        }

        /// Bytes of a row, which is filled up to whole words.
        var rowSize: Int { (width * bits + 31) / 32 * 4 }
    }

    static func header(_ bytes: UnsafeRawBufferPointer, _ name: String) throws -> ImageHeader {
        let layout = try Layout(bytes, name)
        return ImageHeader(.bmp, height: layout.height, width: layout.width, orientation: .upright, fileChannels: 3)
    }

    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, _ name: String, as model: Image.ColorModel
    ) throws -> Image {
        let layout = try Layout(bytes, name)
        guard layout.pixelStart + layout.rowSize * layout.height <= bytes.count else {
            throw InputError(name, "is cut short: it ends before its last pixel")
        }
        let palette = layout.bits <= 8 ? try palette(bytes, layout, name) : []
        let channels = layout.masks.map(Channel.init)
        let image = try Image(height: layout.height, width: layout.width, .rgb) { pixels throws(InputError) in
            for row in 0..<layout.height {
                let stored = layout.isTopDown ? row : layout.height - 1 - row
                let start = layout.pixelStart + stored * layout.rowSize
                for column in 0..<layout.width {
                    let to = 3 * (row * layout.width + column)
                    let color = try color(bytes, start, column, layout, palette, channels, name)
                    for channel in 0..<3 { pixels[to + channel] = color[channel] }
                }
            }
        }
        return image.converted(to: model)
    }

    /// Colors as red, green, blue.
    private static func palette(
        _ bytes: UnsafeRawBufferPointer, _ layout: Layout, _ name: String
    ) throws -> [SIMD4<UInt8>] {
        let count = min(1 << layout.bits, max(layout.pixelStart - layout.paletteStart, 0) / layout.entrySize)
        guard layout.paletteStart + count * layout.entrySize <= bytes.count else {
            throw InputError(name, "is cut short: it ends within its palette")
        }
        return (0..<count).map { entry in
            let start = layout.paletteStart + entry * layout.entrySize
            return SIMD4(bytes[start + 2], bytes[start + 1], bytes[start], 255)
        }
    }

    private static func color(
        _ bytes: UnsafeRawBufferPointer, _ row: Int, _ column: Int, _ layout: Layout, _ palette: [SIMD4<UInt8>],
        _ channels: [Channel], _ name: String
    ) throws(InputError) -> SIMD4<UInt8> {
        switch layout.bits {
        case 24:
            let start = row + 3 * column
            return SIMD4(bytes[start + 2], bytes[start + 1], bytes[start], 255)
        case 16, 32:
            let size = layout.bits / 8
            let start = row + size * column
            let word = (0..<size).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
            return SIMD4(channels[0].value(word), channels[1].value(word), channels[2].value(word), 255)
        default:
            let perByte = 8 / layout.bits
            let byte = bytes[row + column / perByte]
            let shift = layout.bits * (perByte - 1 - column % perByte)
            let entry = Int(byte >> UInt8(shift)) & (1 << layout.bits - 1)
            guard entry < palette.count else { throw InputError(name, "is damaged: a color is not in its palette") }
            return palette[entry]
        }
    }

    /// The bits of a channel within a pixel.
    private struct Channel {
        let shift: UInt32
        let largest: UInt32

        init(_ mask: UInt32) {
            shift = mask == 0 ? 0 : UInt32(mask.trailingZeroBitCount)
            largest = mask >> shift
        }

        func value(_ word: UInt32) -> UInt8 {
            if largest == 0 { return 0 }
            let part = UInt64(word >> shift & largest)
            return UInt8((part * 255 + UInt64(largest) / 2) / UInt64(largest))
        }
    }
}
