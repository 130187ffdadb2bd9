#if compiler(>=6.2)
import Foundation
import Switchback
import Testing
import TestSupport

/// Programmer's errors stop the program with one line; these tests read that line.
@Suite(.seeded()) struct SafetyTests {
    /// The last line that a failed process wrote.
    private func message(_ result: ExitTest.Result?) -> String {
        String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    }

    @Test func aSavedTensorThatWasChangedInPlace() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let x = Tensor([1.0], requiresGrad: true)
            let y = x * 2
            let z = y.square()
            noGrad { y += Tensor([1.0]) }
            z.backward()
        }
        let text = message(result)
        #expect(text.contains("square") && text.contains("changed in place"))
    }

    @Test func aGraphThatWasFreed() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let x = Tensor([1.0], requiresGrad: true)
            let y = x.square()
            y.backward()
            y.backward()
        }
        #expect(message(result).contains("pass retainGraph: true"))
    }

    @Test func aTensorWithoutAGraph() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            (Tensor([1.0]) * 2).backward()
        }
        #expect(message(result).contains("does not depend on any that requires a gradient"))
    }

    @Test func aLossOfSeveralElements() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            (Tensor([1.0, 2.0], requiresGrad: true) * 2).backward()
        }
        #expect(message(result).contains("sum() it first"))
    }

    @Test func aLeafChangedInPlace() async {
        await #expect(processExitsWith: .failure) {
            let x = Tensor([1.0], requiresGrad: true)
            x += Tensor([1.0])
        }
    }

    @Test func theBirthplaceOfNaN() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            final class Root: Module {
                override func forward(_ x: Tensor) -> Tensor { x.sqrt() }
            }
            final class Model: Module {
                let root = Root()
                override func forward(_ x: Tensor) -> Tensor { root(x - 5) * 2 }
            }
            Anomaly.detect { _ = Model()(Tensor([1.0, 9.0])) }
        }
        let text = message(result)
        #expect(text.contains("sqrt") && text.contains("NaN") && text.contains("(in root)"))
    }

    @Test func theBirthplaceOfAnInfiniteGradient() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            Anomaly.detect {
                let x = Tensor([0.0], requiresGrad: true)
                x.sqrt().sum().backward()
            }
        }
        let text = message(result)
        #expect(text.contains("backward of sqrt") && text.contains("infinity"))
    }

    @Test func shapesThatDoNotFitNameTheOperationAndTheLayer() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            final class Head: Module {
                let fc = Linear(256, 10)
                override func forward(_ x: Tensor) -> Tensor { fc(x) }
            }
            _ = Head()(Tensor.zeros([32, 512]))
        }
        let text = message(result)
        #expect(text.contains("[32, 512]") && text.contains("256") && text.contains("(in fc)"))
    }
}
#endif
