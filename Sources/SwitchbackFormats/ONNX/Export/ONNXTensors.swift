import Foundation
import Switchback

extension DType {
    /// ONNX's number for the element type (`TensorProto.DataType`).
    var onnxType: Int32 {
        switch self {
        case .float32: 1
        case .uint8: 2
        case .int32: 6
        case .int64: 7
        case .bool: 9
        case .float16: 10
        case .float64: 11
        case .complex64: 14
        case .complex128: 15
        case .bfloat16: 16
        }
    }
}

extension ONNXTensorProto {
    /// An array's elements in row-major order, little-endian.
    init(_ array: NDArray, name: String) {
        self.init()
        self.name = name
        dims = array.shape.map(Int64.init)
        dataType = array.dtype.onnxType
        rawData = array.onProcessor.withHostBytes { Data($0) }
    }
}

extension ONNXAttributeProto {
    static func int(_ name: String, _ value: Int) -> Self {
        .with { ($0.name, $0.type, $0.i) = (name, .int, Int64(value)) }
    }

    static func ints(_ name: String, _ values: [Int]) -> Self {
        .with { ($0.name, $0.type, $0.ints) = (name, .ints, values.map(Int64.init)) }
    }

    static func float(_ name: String, _ value: Double) -> Self {
        .with { ($0.name, $0.type, $0.f) = (name, .float, Float(value)) }
    }

    static func string(_ name: String, _ value: String) -> Self {
        .with { ($0.name, $0.type, $0.s) = (name, .string, Data(value.utf8)) }
    }
}
