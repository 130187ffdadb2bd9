import Foundation
import Switchback
import SwitchbackFormats

extension Classifier {
    /// Throws `InputError` unless inputs have the shape that the classifier was made for.
    public func checkInput(_ shape: Shape, of path: String) throws {
        guard shape == configuration.inputShape else {
            throw InputError(
                path, "has inputs of shape \(shape), and the weights are for \(Shape(configuration.inputShape))")
        }
    }

    /// The inputs in a file, [N, …], without their labels if it has any: `.npy`, `.npz`, `.safetensors`, `.csv`,
    /// `.tsv`, idx, or an image; or, with the word `digits`, the held-out images that come with the package.
    ///
    /// Throws `InputError` if the file cannot be read or its inputs have another shape than the classifier's.
    public func readInputs(_ path: String) throws -> Tensor {
        let name = path.lowercased()
        let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
        let fileExists = FileManager.default.fileExists(atPath: path)
        if path == "digits" && !fileExists { return try fitted(Digits.load().test.inputs, path) }
        switch (plain as NSString).pathExtension {
        case _ where !fileExists: throw InputError(path, "there is no such file")
        case "npy": return try fitted(NumPy.load(path), path)
        case "npz": return try fitted(ArrayNames.inputs(in: NumPy.loadArchive(path), path), path)
        case "safetensors": return try fitted(ArrayNames.inputs(in: Safetensors.load(path), path), path)
        case "csv", "tsv": return try readTable(path)
        case let ending where Image.fileExtensions.contains(ending): return try readImage(path)
        default: return try fitted(IDX.load(path), path)
        }
    }

    private func readImage(_ path: String) throws -> Tensor {
        try input(path) { try Image.load(path, as: $0) }
    }

    /// An image as the classifier reads it, [1, channels, side, side]: scaled as in validation.
    ///
    /// - Parameters:
    ///   - name: what messages call the image.
    ///   - image: gives the image in the colors that the classifier needs.
    /// - Throws: `InputError` where the classifier reads no square images.
    public func input(_ name: String, _ image: (Image.ColorModel) throws -> Image) throws -> Tensor {
        let shape = configuration.inputShape
        guard shape.count == 3, shape[1] == shape[2], let model = Image.ColorModel(rawValue: shape[0]) else {
            throw InputError(name, "is an image, and the weights are for inputs of shape \(Shape(shape))")
        }
        return Tensor.bytes(images: [try image(model).fitted(shape[1], configuration.stretching)])
    }

    /// A table with or without a column of labels: the number of columns tells.
    private func readTable(_ path: String) throws -> Tensor {
        let columns = configuration.inputShape.reduce(1, *)
        let width = try CSV.columnCount(path)
        let table = try CSV.load(path, label: width == columns ? .absent : .automatic)
        return try fitted(table.features, path)
    }

    /// One input, or several, with the dimensions that a file may leave out.
    private func fitted(_ inputs: Tensor, _ path: String) throws -> Tensor {
        let wanted = Shape(configuration.inputShape)
        let shape = inputs.shape
        let matrix = wanted.count == 3 && wanted[0] == 1 ? Shape(wanted.dropFirst()) : wanted
        let several = Shape([shape.first ?? 0] + configuration.inputShape)
        switch shape {
        case several: return inputs
        case wanted, matrix: return inputs.reshape(Shape([1] + configuration.inputShape))
        case Shape([shape.first ?? 0] + Array(matrix)): return inputs.reshape(several)
        default:
            throw InputError(path, "has the shape \(shape), and the weights are for inputs of shape \(wanted)")
        }
    }
}

extension ArrayNames {
    /// The one array of a file, or the one that has the name of inputs; of a held-out part, where there are several.
    static func inputs(in arrays: [String: Tensor], _ path: String) throws -> Tensor {
        if let only = arrays.first, arrays.count == 1 { return only.value }
        let parts = try parts(arrays, path)
        return try (parts[.test] ?? parts[.val] ?? parts[.train]).orThrow(InputError(path, "has no inputs")).inputs
    }
}
