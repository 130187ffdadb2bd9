import Switchback
import SwitchbackFormats

extension DetectionData {
    /// The data with a part for validation. Where it has none, a share of the images for training becomes that: those
    /// of the lowest hashes of their names, so that an image stays in its part when others are added.
    ///
    /// Says so in a warning; also where there are too few images, or the share is 0, and those for training are
    /// measured.
    public func holdingOut(_ share: Double) -> DetectionData {
        guard self[.val].isEmpty, !self[.train].isEmpty else { return self }
        let ranked = self[.train].sorted { $0.nameHash < $1.nameHash }
        let count = min(max(Int((Double(ranked.count) * share).rounded()), 1), ranked.count - 1)
        guard share > 0, count > 0 else {
            Diagnostics.warn(
                "\(path): there is no val split, so the training images are used for validation: the metrics flatter the model"
            )
            return self
        }
        Diagnostics.warn(
            "\(path): there is no val split, so \(count.counted("image")) of \(ranked.count) are held out for it, by the "
                + "hash of their names")
        let heldOut = Set(ranked.prefix(count))
        var splits = splits
        splits[.val] = self[.train].filter(heldOut.contains)
        splits[.train] = self[.train].filter { !heldOut.contains($0) }
        return with(splits: splits)
    }
}

extension DetectionExample {
    /// A hash of the name of the file, with its bits mixed once more: names that differ in their last character alone
    /// would lie side by side.
    fileprivate var nameHash: UInt64 {
        let name = imagePath.split(separator: "/").last ?? ""
        var hash = Checksum.fnv1a(name)
        hash ^= hash >> 32
        hash = hash &* 0xD6E8_FEB8_6659_FD93
        return hash ^ hash >> 32
    }
}
