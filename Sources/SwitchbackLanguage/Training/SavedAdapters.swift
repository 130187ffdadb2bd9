import Foundation
import Switchback
import SwitchbackFormats

/// A folder with low-rank adapters as the package `peft` writes them, `adapter_config.json` and
/// `adapter_model.safetensors`, and the model that they are for.
struct SavedAdapters {
    static let settingsName = "adapter_config.json"
    static let weightsName = "adapter_model.safetensors"

    private let folder: String
    private let fields: ConfigurationFields
    /// The folder of the model.
    let base: String

    /// `nil` if a folder has no adapters, or has a whole model.
    ///
    /// Throws `InputError` over adapters of another kind, and where their model is not there.
    init?(_ folder: String) throws {
        let path = Folder.join(folder, SavedAdapters.settingsName)
        guard FileManager.default.fileExists(atPath: path),
            !FileManager.default.fileExists(atPath: Folder.join(folder, "config.json"))
        else { return nil }
        self.folder = folder
        fields = try ConfigurationFields(file: path)
        let name = try fields.string("base_model_name_or_path")
        guard let base = [name, Folder.join(folder, name)].first(where: FileManager.default.fileExists) else {
            throw fields.problem(
                "base_model_name_or_path", "the model \(name) is not there",
                remedy: "write the path of its folder there")
        }
        self.base = base
        try refuseWhatIsNotThere()
    }

    /// Throws over what `peft` would do and is not done here.
    private func refuseWhatIsNotThere() throws {
        try fields.requireOnly("peft_type", ["LORA"], default: "LORA")
        try fields.requireOnly("bias", ["none"], default: "none")
        for name in ["use_dora", "use_qalora", "lora_bias"] { try fields.requireOnly(name, false) }
        for name in ["modules_to_save", "layer_replication", "trainable_token_indices", "target_parameters"] {
            guard let value = fields[name] else { continue }
            if case .array(let list) = value, list.isEmpty { continue }
            throw fields.problem(name, "it is set, and only adapters of linear layers are supported")
        }
    }

    /// Adds the adapters to the weights of their model.
    ///
    /// Throws `InputError` over adapters that do not fit it.
    func merge(into model: LanguageModel) throws {
        let path = Folder.join(folder, SavedAdapters.weightsName)
        var tensors = try Safetensors.load(path)
        for (name, layer) in LowRankAdaptation.layers(of: model) {
            let names = ["A", "B"].map { "base_model.model.\(name).lora_\($0).weight" }
            guard let a = tensors.removeValue(forKey: names[0]), let b = tensors.removeValue(forKey: names[1]) else {
                continue
            }
            let shape = layer.isTransposed ? Shape(layer.weight.shape.reversed()) : layer.weight.shape
            guard a.rank == 2, b.rank == 2, a.size(0) == b.size(1), [b.size(0), a.size(1)] == shape else {
                throw InputError(
                    path, at: "tensor \(names[0])",
                    "\(b.shape) times \(a.shape) is not the shape \(shape) of the layer's weight",
                    remedy: "the adapters belong to another model")
            }
            let scale = try scale(name, rank: a.size(0))
            noGrad { layer.add(b.to(.float32).matmul(a.to(.float32)) * scale) }
        }
        if let left = tensors.keys.min() {
            throw InputError(
                path, at: "tensor \(left)", "the model has no such layer with an adapter",
                remedy: "the adapters belong to another model")
        }
    }

    /// α / rank, or α / √rank (Kalajdzievski, "rsLoRA", 2023); α can be a layer's own.
    private func scale(_ name: String, rank: Int) throws -> Double {
        var alpha = try fields.number("lora_alpha", default: 8)
        if let own = try fields.object("alpha_pattern") {
            for pattern in own.names where name.isExactly(pattern) || name.hasSuffix(".\(pattern)") {
                alpha = try own.number(pattern)
            }
        }
        let isRooted = try fields.bool("use_rslora", default: false)
        return alpha / (isRooted ? Double(rank).squareRoot() : Double(rank))
    }
}
