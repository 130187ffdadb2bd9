import Foundation
import Switchback

extension ONNXTensorProto {
    /// The tensor that a file holds. Throws `InputError` if its numbers are fewer or more than its shape says, or of a
    /// type that tensors do not have.
    func tensor(subject: String, place: String) throws -> Tensor {
        func problem(_ text: String) -> InputError { InputError(subject, at: place, text) }
        guard dataLocation != .external else {
            throw problem("its numbers lie in another file, which is not read")
        }
        if dataType == ONNXTensorProto.signedBytes { return try bytesWithSign(problem) }
        guard let dtype = DType(onnxType: dataType) else {
            throw problem("its element type, number \(dataType) of ONNX's, is not computed with")
        }
        guard dims.count <= Shape.maximumRank, dims.allSatisfy({ $0 >= 0 }) else {
            throw problem("the shape \(dims) cannot be read")
        }
        let shape = Shape(dims.map { Int($0) })
        guard let byteCount = shape.byteCount(elementSize: dtype.byteCount) else {
            throw problem("the shape \(dims) is too large")
        }
        guard !rawData.isEmpty || byteCount == 0 else { return try listed(shape, dtype, problem) }
        guard rawData.count == byteCount else {
            throw problem("it has \(rawData.count) bytes, and the shape \(dims) takes \(byteCount)")
        }
        let array = NDArray(shape: shape, dtype: dtype) { memory in
            rawData.copyBytes(to: memory)
            if dtype == .bool { memory.normalizeBooleans(0..<byteCount) }
        }
        return Tensor(array)
    }

    /// ONNX's number of the element type int8.
    private static let signedBytes: Int32 = 3

    /// Numbers of 8 bits with a sign, as int32.
    private func bytesWithSign(_ problem: (String) -> InputError) throws -> Tensor {
        let numbers = rawData.isEmpty ? int32Data : rawData.map { Int32(Int8(bitPattern: $0)) }
        let shape = Shape(dims.map { Int($0) })
        guard dims.count <= Shape.maximumRank, dims.allSatisfy({ $0 >= 0 }),
            shape.byteCount(elementSize: 1) == numbers.count
        else { throw problem("it has \(numbers.count) numbers, which does not fit the shape \(dims)") }
        return Tensor(numbers, shape: shape, dtype: .int32)
    }

    /// Numbers that stand in a list of their own instead of as raw bytes.
    private func listed(_ shape: Shape, _ dtype: DType, _ problem: (String) -> InputError) throws -> Tensor {
        func made<N: Scalar>(_ numbers: [N]) throws -> Tensor {
            guard shape.byteCount(elementSize: 1) == numbers.count else {
                throw problem("it has \(numbers.count) numbers, which does not fit the shape \(dims)")
            }
            return Tensor(numbers, shape: shape, dtype: dtype)
        }
        switch dtype {
        case .float32: return try made(floatData)
        case .float64: return try made(doubleData)
        case .int64: return try made(int64Data)
        // 16-bit floats stand in the list as their bits.
        case .float16: return try made(int32Data.map { Float(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) })
        case .bfloat16: return try made(int32Data.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) })
        case .int32, .uint8, .bool: return try made(int32Data)
        case .complex64, .complex128: throw problem("its numbers are complex, which no operator computes with")
        }
    }
}

extension DType {
    /// The element type of an ONNX number; `nil` for those that tensors do not have, or that no operator computes with.
    init?(onnxType number: Int32) {
        guard let type = DType.allCases.first(where: { $0.onnxType == number && !$0.isComplex }) else { return nil }
        self = type
    }
}
