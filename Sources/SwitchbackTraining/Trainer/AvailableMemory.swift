import Foundation
import Switchback

/// The memory that is still available from the system.
package enum AvailableMemory {
    /// In bytes: what the machine has free, and no more than the limits of containers leave; `nil` if neither is known.
    package static var bytes: Int? { bytes(root: "") }

    /// - Parameter root: what stands in front of the paths of the system's files.
    package static func bytes(root: String) -> Int? {
        [machineBytes(root), ControlGroupMemory(root: root).availableBytes].compactMap { $0 }.min()
    }

    /// What the machine has free, from /proc/meminfo.
    private static func machineBytes(_ root: String) -> Int? {
        guard let text = try? String(contentsOfFile: root + "/proc/meminfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return kibibytes << 10
    }

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
