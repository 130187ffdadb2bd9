import Foundation
import Switchback

/// The handwritten digits that come with the package: 1,797 images of 8×8 pixels (E. Alpaydin and C. Kaynak, UCI Machine
/// Learning Repository; see Resources/digits/README.md), the same as scikit-learn's `load_digits()`.
public struct Digits {
    /// [count, 1, 8, 8], float32 from 0 to 1.
    public let images: Tensor
    /// [count], int64 from 0 to 9.
    public let labels: Tensor

    /// The images to train with and those held out: of each digit every fifth image, in the order of the file, is held
    /// out, so that the split is the same everywhere and both parts have the digits in equal shares.
    public static func load() throws -> (training: Digits, heldOut: Digits) {
        let folder = try resourceFolder()
        let pixels = try IDX.load(folder.appendingPathComponent("images-idx3-ubyte.gz").path)
        let labels = try IDX.load(folder.appendingPathComponent("labels-idx1-ubyte.gz").path)
        return split(pixels: pixels.toArray(as: UInt8.self), labels: labels.toArray(as: Int.self))
    }

    /// The folder that the build puts beside the executable. `Bundle.module` is not asked, because it stops the program
    /// where the folder is missing.
    private static func resourceFolder() throws -> URL {
        let folders = ["resources", "bundle"].map {
            Bundle.main.bundleURL.appendingPathComponent("switchback_SwitchbackFormats.\($0)/digits")
        }
        guard let folder = folders.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw InputError(folders[0].path, "is missing", remedy: "copy it from the build folder with the executable")
        }
        return folder
    }

    private static func split(pixels: [UInt8], labels: [Int]) -> (training: Digits, heldOut: Digits) {
        var seen = [Int](repeating: 0, count: 10)
        var training: [Int] = []
        var heldOut: [Int] = []
        for (index, label) in labels.enumerated() {
            seen[label] += 1
            if seen[label] % 5 == 0 { heldOut.append(index) } else { training.append(index) }
        }
        return (select(training, pixels, labels), select(heldOut, pixels, labels))
    }

    private static func select(_ indices: [Int], _ pixels: [UInt8], _ labels: [Int]) -> Digits {
        // Pixels count the dark points of a 4×4 block: 0 to 16.
        let values = indices.flatMap { pixels[$0 * 64..<($0 + 1) * 64].map { Float($0) / 16 } }
        return Digits(
            images: Tensor(values, shape: [indices.count, 1, 8, 8]),
            labels: Tensor(indices.map { labels[$0] }, shape: [indices.count]))
    }
}
