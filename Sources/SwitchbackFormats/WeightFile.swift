import Foundation
import Switchback

/// The tensors of a model, from any supported kind of file.
public enum WeightFile {
    /// The endings of PyTorch's files.
    private static let pyTorchExtensions = ["pt", "pth", "bin"]

    /// Whether a path is that of a file of PyTorch's, by its ending.
    public static func isPyTorch(_ path: String) -> Bool {
        pyTorchExtensions.contains((path as NSString).pathExtension.lowercased())
    }

    /// The tensors of a `.pt`, `.pth` or `.bin` file by name, as `PyTorch.stateDict` finds them; of any other, those of
    /// safetensors.
    ///
    /// Throws `InputError` if the file cannot be read or holds no tensors by name.
    public static func load(_ path: String) throws -> [String: Tensor] {
        try isPyTorch(path) ? PyTorch.stateDict(path) : Safetensors.load(path)
    }
}
