import Switchback
import SwitchbackFormats

// The examples in the sources' comments: that they compile, and stay what the comments say, is the test.

private func profiling(trainingStep: () -> Void) throws {
    let profile = Profiler.record {
        for _ in 0..<10 { trainingStep() }
    }
    print(profile)
    try profile.saveTrace(to: "trace.json")  // SwitchbackFormats; opens in Perfetto
}

private func importingONNX(input: Tensor) throws -> Tensor {
    let model = try ONNXModel("model.onnx")
    let output = model(input)
    return output
}

private func exportingONNX(model: Module) throws {
    try ONNX.export(model, example: Tensor.zeros([1, 3, 224, 224]), to: "model.onnx")
}

private func readingPyTorch(model: Module) throws {
    try model.load(stateDict: PyTorch.stateDict("model.pt"))
}

private func writingPyTorch(model: Module) throws {
    try PyTorch.save(model.stateDict(), to: "model.pt")
}

private func usingSafetensors(weight: Tensor) throws -> [String: Tensor] {
    try Safetensors.save(["weight": weight], metadata: ["classes": "10"], to: "model.safetensors")
    let tensors = try Safetensors.load("model.safetensors")
    return tensors
}

private func readingGGUF() throws {
    let file = try GGUF("model.gguf")
    let name = try file.metadata.string("general.architecture")
    let table = try file.tensor("token_embd.weight")
    print(name, table)
}

private func readingEvents() throws {
    for event in try EventFile.read("runs/classify/train/events.out.tfevents.1700000000.host.1") {
        if case .scalar(let tag, let value) = event.content { print(event.step, tag, value) }
    }
}

private func writingEvents() throws {
    let writer = try TensorBoardWriter(folder: "runs/classify/train")
    try writer.scalar("loss/train", 0.7, step: 1)
    try writer.flush()
}
