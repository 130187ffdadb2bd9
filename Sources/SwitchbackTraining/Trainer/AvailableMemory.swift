import Foundation
import Switchback

/// The memory that is still available from the system.
package enum AvailableMemory {
    /// In bytes: what the machine has free, and no more than the limits of containers leave; `nil` if neither is known.
    package static var bytes: Int? { LinuxMemory(root: "").availableBytes ?? Platform.availableMemory }

    /// A network keeps its first features, the normalized ones and the activated ones until their gradients are known.
    /// Those of the smallest networks here are together so many times as large as the images.
    private static let least = 8.0

    /// Throws `InputError` if it is plain that a batch cannot be trained with, before the system ends the program.
    ///
    /// - Parameters:
    ///   - size: the images of a batch.
    ///   - shape: that of an image.
    ///   - available: in bytes.
    package static func check(batch size: Int, of shape: Shape, available: Int? = bytes) throws {
        let needed = least * 4 * Double(size) * shape.reduce(1.0) { $0 * Double($1) }
        guard let available, needed > Double(available) else { return }
        func gigabytes(_ bytes: Double) -> String { (bytes / 0x1p30).formatted(1) + " GiB" }
        throw InputError(
            "memory",
            "a batch of \(size.counted("image")) of shape \(shape) takes more than \(gigabytes(needed)), and "
                + "\(gigabytes(Double(available))) are free", remedy: "use fewer or smaller images: --batch, --imgsz"
        )
    }
}
