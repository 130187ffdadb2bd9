import Foundation
import Switchback

extension ONNXGraphBuilder {
    /// A value rounded to bytes and back (`QuantizeLinear`, `DequantizeLinear`).
    mutating func rounded(_ value: String, to scale: ByteScale) -> String {
        let step = constant(Tensor([scale.scale], shape: []).array, name: "scale")
        let zero = constant(Tensor([Int(scale.zero)], shape: [], dtype: .uint8).array, name: "zero_point")
        return add("DequantizeLinear", [add("QuantizeLinear", [value, step, zero]), step, zero])
    }

    /// Filters as signed bytes, with the node that makes numbers of them.
    mutating func filters(_ layer: QuantizedLayer, name: String) -> String {
        let numbers = signedBytes(layer.numbers, name: name)
        let steps = constant(Tensor(layer.scales, shape: [layer.scales.count]).array, name: name + "_scale")
        return add("DequantizeLinear", [numbers, steps], [.int("axis", 0)])
    }

    /// Bytes q + 128 as the signed bytes q.
    private mutating func signedBytes(_ numbers: Tensor, name: String) -> String {
        var bytes = ONNXTensorProto(numbers.array, name: name)
        bytes.dataType = 3
        bytes.rawData = Data(bytes.rawData.map { $0 ^ 0x80 })
        return constant(bytes)
    }
}
