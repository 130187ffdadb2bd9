import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision
import TestSupport
import Testing

/// Files such as Ultralytics saves: models as Python objects.
@Suite(.seeded(), .enabled(if: Python.has("torch"), "the Python package torch is not installed"))
struct UltralyticsCheckpointTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Saves a module's tensors as modules in modules, of half precision, with names of classes.
    private func save(_ model: Module, names: [String]) throws -> String {
        try Safetensors.save(model.stateDict(), to: folder.path("state.safetensors"))
        let path = folder.path("model.pt")
        try Python.run(
            """
            import sys, torch
            from torch import nn
            from safetensors.torch import load_file

            class DetectionModel(nn.Module):
                pass

            root = DetectionModel()
            for name, tensor in load_file(sys.argv[1]).items():
                *path, last = name.split(".")
                module = root
                for part in path:
                    if part not in module._modules:
                        module.add_module(part, nn.Module())
                    module = module._modules[part]
                module.register_buffer(last, tensor)
            root.names = dict(enumerate(sys.argv[3:]))
            torch.save({"model": None, "ema": root.half(), "train_args": {"imgsz": 96}}, sys.argv[2])
            """, [folder.path("state.safetensors"), path] + names)
        return path
    }

    @Test(.enabled(if: Python.has("safetensors"), "the Python package safetensors is not installed"))
    func detectorsAreLoadedWithTheNamesOfTheirClasses() throws {
        let model = YOLO(.yolo26n, classes: ["cat", "dog"])
        let loaded = try DetectorFile.load(save(model, names: model.classes))
        #expect(loaded.detector.classes == ["cat", "dog"] && loaded.detector.variant == .yolo26n && loaded.imgsz == 96)
        for (name, tensor) in loaded.detector.stateDict() where tensor.dtype == .float32 {
            let own = try #require(model.stateDict()[name])
            #expect(tensor.distance(to: own) < 1e-3, "\(name)")
        }
    }

    @Test(.enabled(if: Python.has("safetensors"), "the Python package safetensors is not installed"))
    func fineTuningTakesTheClassesThatAreKnown() throws {
        let model = YOLO(.yolo11n, classes: ["cat", "dog"])
        let path = try save(model, names: model.classes)
        let image = Image(height: 64, width: 64, filledWith: 90)
        try FileManager.default.createDirectory(atPath: folder.path("images"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: folder.path("labels"), withIntermediateDirectories: true)
        try image.save(to: folder.path("images/a.png"))
        _ = try folder.write("1 0.5 0.5 0.5 0.5\n", to: "labels/a.txt")
        _ = try folder.write("path: .\ntrain: images\nval: images\nnames: [bird, dog, cat]\n", to: "data.yaml")
        var configuration = DetectionConfiguration()
        configuration.data = folder.path("data.yaml")
        configuration.model = path
        configuration.imgsz = 64
        let task = try configuration.makeTask()
        let (own, theirs) = (task.detector.stateDict(), model.stateDict())
        let name = "model.23.cv3.0.2.bias"
        #expect(own[name]?.shape == [3])
        let (ownBiases, theirBiases) = (own[name]?.toArray() ?? [], theirs[name]?.toArray() ?? [])
        #expect(abs(ownBiases[1] - theirBiases[1]) < 0.01 && abs(ownBiases[2] - theirBiases[0]) < 0.01)
        let first = try #require(own["model.0.conv.weight"])
        #expect(first.distance(to: try #require(theirs["model.0.conv.weight"])) < 1e-3)
    }

    @Test(.enabled(if: Python.has("safetensors"), "the Python package safetensors is not installed"))
    func classifiersAreLoaded() throws {
        let model = YOLOClassifier(.n, classes: 3)
        let classifier = try Classifier.load(save(model, names: ["a", "b", "c"]))
        #expect(classifier.configuration.model == .yolo11n && classifier.configuration.inputShape == [3, 96, 96])
        #expect(classifier.configuration.classNames == ["a", "b", "c"])
        let other = try save(Sequential(Linear(2, 2)), names: ["a"])
        #expect(throws: InputError.self) { try Classifier.load(other) }
        #expect(throws: InputError.self) { try DetectorFile.load(other) }
    }
}
