import Foundation
import Switchback

/// The sides of an image, in pixels, in which something was marked.
struct MarkedSize: Sendable {
    let height, width: Int

    /// How far the ratios of sides may differ because of rounding.
    private static let ratioTolerance = 0.02

    /// What a description says; `nil` where it does not, or says 0, as some programs do that do not know.
    init?(height: Int?, width: Int?) {
        guard let height, let width, height > 0, width > 0 else { return nil }
        (self.height, self.width) = (height, width)
    }

    /// The sides in whose pixels something was marked in an image: those that its description gives, else the image's own.
    ///
    /// - Throws: `InputError` where that cannot be this image.
    static func of(_ header: ImageHeader, at imagePath: String, said: MarkedSize?, in file: String) throws -> MarkedSize
    {
        guard let said else { return MarkedSize(header) }
        let (one, other) = (
            Double(said.width) * Double(header.height), Double(said.height) * Double(header.width)
        )
        guard abs(one - other) <= ratioTolerance * max(one, other) else {
            let isTurned = header.orientation.exchangesSides && said.width == header.storedWidth
            throw InputError(
                file, at: "image \((imagePath as NSString).lastPathComponent)",
                "its objects were marked in an image of \(said.width)×\(said.height) pixels, and this one has "
                    + "\(header.width)×\(header.height)" + (isTurned ? ", turned as its EXIF data say" : ""))
        }
        return said
    }

    private init(_ header: ImageHeader) { (height, width) = (header.height, header.width) }

    var edges: ImageEdges { ImageEdges(height: height, width: width) }

    /// An object that was marked in these pixels, in fractions of the image and clipped to it.
    func clipped(_ label: LabeledBox, remark: (String) -> Void) throws(ImageEdges.Problem) -> LabeledBox {
        try edges.clipped(label.scaled(x: 1 / Float(width), y: 1 / Float(height)), remark: remark)
    }
}
