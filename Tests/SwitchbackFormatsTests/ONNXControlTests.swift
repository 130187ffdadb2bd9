import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

/// Branches, loops, weights that stand in nodes, and integers in the place of others.
struct ONNXControlTests {
    /// A message of a protocol buffer: fields by number, as onnx.proto has them.
    private struct Message {
        var bytes: [UInt8] = []

        private func number(_ value: UInt64) -> [UInt8] {
            value < 128 ? [UInt8(value)] : [UInt8(value & 127 | 128)] + number(value >> 7)
        }

        func with(_ field: UInt64, _ value: Int64) -> Message {
            Message(bytes: bytes + number(field << 3) + number(UInt64(bitPattern: value)))
        }

        func with(_ field: UInt64, _ contents: [UInt8]) -> Message {
            Message(bytes: bytes + number(field << 3 | 2) + number(UInt64(contents.count)) + contents)
        }

        func with(_ field: UInt64, _ texts: [String]) -> Message {
            texts.reduce(self) { $0.with(field, Array($1.utf8)) }
        }

        func with(_ field: UInt64, _ messages: [Message]) -> Message {
            messages.reduce(self) { $0.with(field, $1.bytes) }
        }
    }

    private func node(_ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [Message] = []) -> Message
    {
        Message().with(1, inputs).with(2, outputs).with(4, [type]).with(5, attributes)
    }

    private func graph(_ nodes: [Message], _ inputs: [String], _ outputs: [String]) -> Message {
        func value(_ name: String) -> Message {
            let tensor = Message().with(1, 1)
            return Message().with(1, [name]).with(2, [Message().with(1, [tensor])])
        }
        return Message().with(1, nodes).with(11, inputs.map(value)).with(12, outputs.map(value))
    }

    private func attribute(_ name: String, _ graph: Message) -> Message { Message().with(1, [name]).with(6, [graph]) }

    /// A node with a tensor whose elements are the bytes, of an element type of ONNX's.
    private func constant(_ name: String, _ bytes: [UInt8], _ dims: [Int64], type: Int64) -> Message {
        let tensor = dims.reduce(Message()) { $0.with(1, $1) }.with(2, type).with(9, bytes)
        return node("Constant", [], [name], [Message().with(1, ["value"]).with(5, [tensor])])
    }

    private func constant(_ name: String, _ numbers: [Float], _ dims: [Int64]) -> Message {
        constant(name, numbers.flatMap { withUnsafeBytes(of: $0, Array.init) }, dims, type: 1)
    }

    private func whole(_ name: String, _ number: Int64) -> Message {
        constant(name, withUnsafeBytes(of: number, Array.init), [], type: 7)
    }

    private func model(_ graph: Message) throws -> ONNXModel {
        let file = Message().with(7, [graph]).with(8, [Message().with(2, 17)])
        let folder = try TemporaryFolder()
        return try ONNXModel(folder.write(file.bytes, to: "model.onnx"))
    }

    @Test func branches() throws {
        // The branches see what was computed outside of them.
        let double = graph([node("Add", ["x", "x"], ["a"])], [], ["a"])
        let negative = graph([node("Neg", ["x"], ["b"])], [], ["b"])
        let branch = node(
            "If", ["isLarge"], ["y"], [attribute("then_branch", double), attribute("else_branch", negative)])
        let model = try model(
            graph([constant("limit", [3], []), node("Greater", ["x", "limit"], ["isLarge"]), branch], ["x"], ["y"]))
        for (x, y) in [(5.0, 10.0), (2.0, -2.0)] {
            #expect(try model.run(["x": Tensor([x])])["y"]?.toArray(as: Double.self) == [y])
        }
    }

    /// What a branch multiplies by is trained as what stands outside is.
    @Test func weightsInBranchesAreParameters() throws {
        let product = graph([constant("w", [2, 3], [2, 1]), node("MatMul", ["x", "w"], ["a"])], [], ["a"])
        let shared = graph([node("MatMul", ["x", "v"], ["b"])], [], ["b"])
        let branch = node(
            "If", ["isLarge"], ["y"], [attribute("then_branch", product), attribute("else_branch", shared)])
        let model = try model(
            graph(
                [
                    constant("v", [1, 1], [2, 1]), constant("limit", [3], []), node("ReduceMax", ["x"], ["most"]),
                    node("Greater", ["most", "limit"], ["isLarge"]), branch,
                ], ["x"], ["y"]))
        #expect(model.namedParameters.map(\.name) == ["v", "If_2.then_branch.w"])
        #expect(model.namedBuffers.map(\.name) == ["limit"])
        model(Tensor([4.0, 5.0], shape: [1, 2])).sum().backward()
        #expect(model.namedParameters[1].parameter.grad?.toArray(as: Float.self) == [4, 5])
        #expect(model.namedParameters[0].parameter.grad == nil)
    }

    /// Powers of two, collected until they are at least the limit or the rounds are over.
    @Test func loops() throws {
        let body = graph(
            [
                node("Add", ["carried", "carried"], ["next"]), node("Less", ["next", "limit"], ["goesOn"]),
                node("Identity", ["carried"], ["row"]),
            ], ["round", "condition", "carried"], ["goesOn", "next", "row"])
        func model(rounds: Int64) throws -> ONNXModel {
            try self.model(
                graph(
                    [
                        constant("one", [1], []), whole("rounds", rounds), constant("yes", [1], [], type: 9),
                        node("Loop", ["rounds", "yes", "one"], ["last", "rows"], [attribute("body", body)]),
                    ], ["limit"], ["last", "rows"]))
        }
        let found = try model(rounds: 10).run(["limit": Tensor([30.0], shape: [])])
        #expect(found["last"]?.item(as: Double.self) == 32)
        #expect(found["rows"]?.toArray(as: Double.self) == [1, 2, 4, 8, 16])
        let short = try model(rounds: 2).run(["limit": Tensor([30.0], shape: [])])
        #expect(short["last"]?.item(as: Double.self) == 4)
        let error = #expect(throws: InputError.self) {
            try model(rounds: 0).run(["limit": Tensor([30.0], shape: [])])
        }
        #expect(error?.description.contains("a loop without a round") == true)
    }

    @Test func weightsInNodes() throws {
        let model = try model(
            graph(
                [
                    constant("w", [1, 2, 3, 4], [2, 2]), constant("b", [10, 20], [2]),
                    node("MatMul", ["x", "w"], ["p"]),
                    node("Add", ["p", "b"], ["y"]),
                ], ["x"], ["y"]))
        #expect(model.namedParameters.map(\.name) == ["w", "b"])
        #expect(model(Tensor([1.0, 1.0], shape: [1, 2])).toArray(as: Float.self) == [14, 26])
    }

    /// What onnxruntime's dynamic quantization makes of a product, computed by hand.
    @Test func dynamicQuantization() throws {
        let model = try model(
            graph(
                [
                    constant("w", [0xFD, 5], [2, 1], type: 3),
                    node("DynamicQuantizeLinear", ["x"], ["codes", "scale", "zero"]),
                    node("MatMulInteger", ["codes", "w", "zero"], ["sums"]),
                    node("Cast", ["sums"], ["floats"], [Message().with(1, ["to"]).with(3, 1)]),
                    node("Mul", ["floats", "scale"], ["y"]),
                    node("DequantizeLinear", ["codes", "scale", "zero"], ["x2"]),
                ], ["x"], ["y", "codes", "zero", "x2"]))
        // The scale is (2 + 0.55) / 255 = 0.01, and -0.55 has the code 0.
        let found = try model.run(["x": Tensor([2.0, -0.55], shape: [1, 2])])
        #expect(found["codes"]?.toArray(as: Int.self) == [255, 0] && found["zero"]?.item(as: Int.self) == 55)
        let back = try #require(found["x2"]).toArray(as: Double.self)
        #expect(zip(back, [2, -0.55]).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(abs(try #require(found["y"]).item(as: Double.self) - (2 * -3 + -0.55 * 5)) < 1e-4)
    }

    @Test func whatIsWrong() throws {
        let inner = graph([node("Neg", ["nowhere"], ["b"])], [], ["b"])
        let branch = node("If", ["x"], ["y"], [attribute("then_branch", inner), attribute("else_branch", inner)])
        let error = #expect(throws: InputError.self) { try model(graph([branch], ["x"], ["y"])) }
        #expect(error?.description.contains("its operand nowhere is neither an input nor computed before") == true)
    }
}
