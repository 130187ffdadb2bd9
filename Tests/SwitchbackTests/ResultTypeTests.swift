import Foundation
import Switchback
import TestSupport
import Testing

/// The type of what operations of several tensors give, for every mix of element types and of tensors with and without
/// dimensions, is PyTorch's; and they compute in that type, not in that of the first two.
struct ResultTypeTests {
    /// What `make_result_types.py` asked PyTorch.
    private struct Answers: Decodable {
        let types: [String: String]
        let operators: [String: String]
    }

    private static let operations: [String: @Sendable ([Tensor]) -> Tensor] = [
        "add": { $0[0] + $0[1] }, "sub": { $0[0] - $0[1] }, "mul": { $0[0] * $0[1] }, "div": { $0[0] / $0[1] },
        "floor_divide": { $0[0].floorDivide($0[1]) }, "fmod": { $0[0].fmod($0[1]) },
        "remainder": { $0[0].remainder($0[1]) }, "pow": { $0[0].pow($0[1]) }, "maximum": { $0[0].maximum($0[1]) },
        "minimum": { $0[0].minimum($0[1]) }, "atan2": { $0[0].atan2($0[1]) }, "hypot": { $0[0].hypot($0[1]) },
        "copysign": { $0[0].copysign($0[1]) }, "logaddexp": { $0[0].logaddexp($0[1]) },
        "clamp_min": { $0[0].clamp(min: $0[1]) }, "bitwise_and": { $0[0].bitwiseAnd($0[1]) },
        "bitwise_left_shift": { $0[0].bitwiseLeftShift($0[1]) },
        "where": { Tensor.where(Tensor([true]), $0[0], $0[1]) }, "cat": { Tensor.cat($0) },
        "hstack": { Tensor.hstack($0) }, "addcmul": { $0[0].addcmul($0[1], $0[2]) },
        "addcdiv": { $0[0].addcdiv($0[1], $0[2]) }, "clamp": { $0[0].clamp(min: $0[1], max: $0[2]) },
        "lerp": { $0[0].lerp($0[1], weight: $0[2]) },
    ]

    @Test(arguments: operations.keys.sorted()) func typesAreThoseOfPyTorch(operation: String) throws {
        let json = try Data(contentsOf: fixtureFolder.appendingPathComponent("result_types.json"))
        let answers = try JSONDecoder().decode(Answers.self, from: json)
        let types = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"]
        let letters = Array(try #require(answers.operators[operation]))
        let run = try #require(Self.operations[operation])
        let count = letters.count == 256 ? 2 : 3
        var position = 0
        for mix in tuples(of: types, count) {
            for ranks in tuples(of: [0, 1], count) {
                defer { position += 1 }
                guard let expected = answers.types.first(where: { Character($0.value) == letters[position] }) else {
                    continue
                }
                let operands = zip(mix, ranks).map { type, rank in
                    Tensor.ones(Shape(repeating: 1, count: rank), dtype: DType(named: type)!)
                }
                let found = run(operands).dtype
                #expect("\(found)" == expected.key, "\(operation) of \(mix), ranks \(ranks)")
            }
        }
        #expect(position == letters.count)
    }

    private func tuples<Element>(of elements: [Element], _ count: Int) -> [[Element]] {
        if count == 0 { return [[]] }
        return elements.flatMap { first in tuples(of: elements, count - 1).map { [first] + $0 } }
    }

    // MARK: Values that show the type

    @Test func productsAreComputedWhereAllOperandsMeet() {
        let bytes = Tensor([200, 250], dtype: .uint8)
        #expect(Tensor([1.0, 1]).addcmul(bytes, bytes).toArray() == [40001, 62501])
        #expect(Tensor([1, 1]).addcmul(bytes, bytes).toArray(as: Int.self) == [40001, 62501])
        let halves = Tensor([300.0], dtype: .float16)
        #expect(Tensor([1.0]).addcmul(halves, halves).toArray() == [90001])
        let small = Tensor([1e-3], dtype: .float16)
        #expect(Tensor([1.0]).addcdiv(halves, small).item() > 2.9e5)
        #expect(Tensor(1.0, dtype: .float64).addcmul(Tensor([3]), Tensor(0.1, dtype: .float32)).dtype == .float64)
    }

    @Test func linesBetweenHalvesDoNotOverflow() {
        let (start, end) = (Tensor([60000.0], dtype: .float16), Tensor([-60000.0], dtype: .float16))
        #expect(start.lerp(end, weight: 0.25).item() == 30000)
        #expect(start.lerp(end, weight: 0.75).item() == -30000)
    }

    @Test func quotientsOfWholeNumbersHaveTheOtherOperandsType() {
        let whole = Tensor([16_777_217])
        #expect((whole / Tensor(1.0, dtype: .float64)).toArray(as: Double.self) == [16_777_217])
        #expect((Tensor([1]) / Tensor([3.0], dtype: .float16)).dtype == .float16)
    }

    // MARK: Whole numbers, and numbers that do not fit them

    @Test func boundsOfWholeNumbersAreExact() {
        let large = Tensor([(1 << 62) + 1, (1 << 53) + 1])
        #expect(large.clamp(max: (1 << 62) + 3).toArray(as: Int.self) == [(1 << 62) + 1, (1 << 53) + 1])
        #expect(large.clamp(min: (1 << 53) + 3).toArray(as: Int.self) == [(1 << 62) + 1, (1 << 53) + 3])
        let bytes = Tensor([1, 44, 255], dtype: .uint8)
        #expect(bytes.clamp(min: -5, max: 300).toArray(as: Int.self) == [1, 44, 255])
        #expect(throws: ShapeError.self) { try catchingErrors { bytes.clamp(min: 300) } }
        #expect(Tensor([true, false]).clamp(max: 0).toArray(as: Int.self) == [0, 0])
        #expect(!Tensor([16_777_217]).isclose(Tensor([16_777_216]), rtol: 0, atol: 0.5).item(as: Bool.self))
        #expect(Tensor.arange((1 << 60) + 1, (1 << 60) + 4).count == 3)
        #expect(Tensor.arange(10, 0, step: -3).toArray(as: Int.self) == [10, 7, 4, 1])
    }

    @Test func comparisonsWithNumbersBeyondTheType() {
        let bytes = Tensor([1, 44, 255], dtype: .uint8)
        #expect(bytes.eq(300).toArray(as: Int.self) == [0, 0, 0] && bytes.lt(300).toArray(as: Int.self) == [1, 1, 1])
        #expect(bytes.gt(-1).toArray(as: Int.self) == [1, 1, 1])
        #expect(Tensor([1], dtype: .int32).eq((1 << 32) + 1).toArray(as: Int.self) == [0])
    }

    @Test func numbersThatDoNotFitAreRefused() {
        let bytes = Tensor([1, 44, 255], dtype: .uint8)
        let mask = bytes.gt(1)
        func refused(_ operation: @escaping () -> Tensor) -> Bool {
            do {
                _ = try catchingErrors { operation() }
                return false
            } catch let error as ShapeError {
                return "\(error)".contains("not fit a tensor of uint8")
            } catch {
                return false
            }
        }
        #expect(refused { bytes.maskedFill(mask, 300) } && refused { bytes.maskedFill(mask, -1) })
        #expect(refused { Tensor.where(mask, bytes, 300) } && refused { Tensor.full([2], 300, dtype: .uint8) })
        #expect(refused { bytes.fullLike(0.5) } && refused { bytes.indexFill(dim: 0, index: Tensor([0]), 256) })
        #expect(refused { bytes.scatter(dim: 0, index: Tensor([0]), value: 256) })
        #expect(refused { bytes.floorDivide(300) } && refused { bytes.remainder(-3) } && refused { bytes.fmod(300) })
        #expect(
            refused {
                let copy = bytes.clone()
                copy[0] = 256
                return copy
            })
        #expect(
            refused {
                let copy = bytes.clone()
                copy.fill(0.5)
                return copy
            })
        #expect(
            refused {
                let copy = bytes.clone()
                copy[Tensor([0])] = Tensor([0.5])
                return copy
            })
        #expect(bytes.maskedFill(mask, 7.0).toArray(as: Int.self) == [1, 7, 7])
    }

    @Test func lossesOfBytesDoNotWrapAround() {
        let (a, b) = (Tensor([3, 200], dtype: .uint8), Tensor([5, 100], dtype: .uint8))
        #expect(a.l1Loss(b, reduction: .none).toArray(as: Int.self) == [2, 100])
        #expect(a.mseLoss(b).item() == 5002 && a.huberLoss(b, reduction: .none).toArray() == [1.5, 99.5])
        let ones = Tensor([1, 1], dtype: .uint8)
        #expect(Tensor.marginRankingLoss(a, b, target: ones, reduction: .none).toArray() == [2, 0])
        let distances = Tensor([[3], [200]], dtype: .uint8).cdist(Tensor([[5], [100]], dtype: .uint8))
        #expect(distances.toArray() == [2, 97, 195, 100])
    }
}
