import Switchback
import SwitchbackFormats
import SwitchbackInference

// The examples in the sources' comments: that they compile, and stay what the comments say, is the test.

private func quantizing(model: Module, images: [Tensor], image: Tensor) throws -> Tensor {
    let quantizer = try Quantizer(model, images: images) { [model($0[0])] }
    let network = QuantizedNetwork(try quantizer.run().quantization)
    let scores = try network.run(model, [image]) { [model($0[0])] }[0]
    return scores
}
