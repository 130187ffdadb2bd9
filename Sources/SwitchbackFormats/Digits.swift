import Foundation
import Switchback

/// The bundled handwritten digits: 1,797 images of 8×8 pixels (E. Alpaydin and C. Kaynak, UCI Machine Learning
/// Repository; see Resources/digits/README.md), the same as scikit-learn's `load_digits()`.
///
/// Inputs are [1, 8, 8], float32 from 0 to 1; targets are int64 from 0 to 9. Of each digit every fifth image, in the
/// order of the file, is held out, so that the split is the same everywhere and both parts have the digits in equal
/// shares.
public struct Digits {
    /// The 1,442 images for training.
    public let train: TensorDataset
    /// The 355 images held out.
    public let test: TensorDataset

    /// Throws `InputError` if the files that the build puts beside the executable are missing.
    public static func load() throws -> Digits {
        let folder = try ResourceFolder.of(target: "SwitchbackFormats").appendingPathComponent("digits")
        let pixels = try IDX.load(folder.appendingPathComponent("images-idx3-ubyte.gz").path)
        let labels = try IDX.load(folder.appendingPathComponent("labels-idx1-ubyte.gz").path)
        let all = TensorDataset(
            // Pixels count the dark points of a 4×4 block: 0 to 16.
            Tensor(pixels.toArray().map { $0 / 16 }, shape: [pixels.shape[0], 1, 8, 8]),
            Tensor(labels.toArray(as: Int.self), shape: labels.shape))
        let (train, test) = all.holdingOutEveryFifth()
        return Digits(train: train, test: test)
    }
}

extension TensorDataset {
    /// The dataset in two parts: of each class every fifth example, in order, is held out. Targets are classes.
    public func holdingOutEveryFifth() -> (train: TensorDataset, test: TensorDataset) {
        var seen: [Int: Int] = [:]
        var train: [Int] = []
        var test: [Int] = []
        for (index, label) in targets.toArray(as: Int.self).enumerated() {
            seen[label, default: 0] += 1
            if seen[label]! % 5 == 0 { test.append(index) } else { train.append(index) }
        }
        return (selecting(train), selecting(test))
    }

    private func selecting(_ indices: [Int]) -> TensorDataset {
        guard let examples = batch(at: indices) else { return self }
        return TensorDataset(examples.input, examples.target)
    }
}
