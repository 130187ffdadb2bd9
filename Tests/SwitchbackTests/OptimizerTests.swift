import Switchback
import TestSupport
import Testing

/// What holds for every optimizer, beside the numbers that OptimizerParityTests compares.
@Suite(.seeded(), .serialized) struct OptimizerTests {
    private func makeParameters(dtype: DType = .float32) -> [(name: String, parameter: Parameter)] {
        let generator = Generator(seed: 5)
        return [
            ("fc.weight", Parameter(Tensor.randn([4, 3], dtype: dtype, generator: generator))),
            ("conv.weight", Parameter(Tensor.randn([5, 2], dtype: dtype, generator: generator))),
        ]
    }

    private func step(_ optimizer: Optimizer, _ count: Int, seed: UInt64) {
        let generator = Generator(seed: seed)
        for _ in 0..<count {
            for (_, parameter) in optimizer.groups.flatMap(\.parameters) {
                parameter.grad = Tensor.randn(parameter.shape, generator: generator).to(parameter.dtype)
            }
            optimizer.step()
        }
    }

    @Test(arguments: OptimizerKind.allCases)
    func savedAndRestoredContinuesToTheBit(_ kind: OptimizerKind) throws {
        let (first, second) = (makeParameters(), makeParameters())
        let original = kind.makeOptimizer([ParameterGroup(first)], learningRate: 0.1, weightDecay: 0.01)
        step(original, 3, seed: 1)
        original.groups[0].learningRate = 0.05
        let saved = original.state

        let restored = kind.makeOptimizer([ParameterGroup(second)])
        try restored.load(saved)
        for (a, b) in zip(first, second) { noGrad { b.parameter.copy(from: a.parameter) } }
        step(original, 3, seed: 2)
        step(restored, 3, seed: 2)
        for (a, b) in zip(first, second) {
            #expect(a.parameter.toArray() == b.parameter.toArray() as [Float])
        }
    }

    @Test(arguments: OptimizerKind.allCases, [DType.float64, .bfloat16])
    func everyOptimizerLowersALoss(_ kind: OptimizerKind, _ dtype: DType) {
        let parameters = makeParameters(dtype: dtype)
        // Adadelta starts with steps that bfloat16 would round away.
        let optimizer = kind.makeOptimizer(
            [ParameterGroup(parameters)], learningRate: kind == .adadelta ? 10 : 0.01)
        func loss() -> Tensor { parameters.map { $0.parameter.square().sum() }.reduce(Tensor(0.0), +) }
        let before = loss().item()
        for _ in 0..<10 {
            optimizer.zeroGrad()
            loss().backward()
            optimizer.step()
        }
        #expect(loss().item() < before)
        #expect(parameters.allSatisfy { $0.parameter.dtype == dtype })
    }

    @Test(arguments: [OptimizerKind.sgd, .adamw, .rmsprop])
    func memoryOrderOfTheGradientDoesNotMatter(_ kind: OptimizerKind) {
        let generator = Generator(seed: 2)
        let values = Tensor.randn([2, 3, 4, 5], generator: generator)
        let gradient = Tensor.randn([2, 3, 4, 5], generator: generator)
        let orders = [(values.clone(), gradient.channelsLast()), (values.channelsLast(), gradient.clone())]
        let results = ([(values.clone(), gradient.clone())] + orders).map { value, gradient -> Tensor in
            let parameter = Parameter(value)
            let optimizer = kind.makeOptimizer([parameter], learningRate: 0.1)
            for _ in 0..<2 {
                parameter.grad = gradient
                optimizer.step()
            }
            return parameter
        }
        #expect(largestDifference(results[0], results[1]) == 0)
        // A parameter that does not lie in row-major order takes no fused step, which rounds otherwise.
        #expect(largestDifference(results[0], results[2]) <= 1e-6)
    }

    @Test func lionStepsBySign() {
        let parameter = Parameter(Tensor([1.0, 1.0, 1.0]))
        let optimizer = Lion([parameter], learningRate: 0.1, weightDecay: 0.5)
        parameter.grad = Tensor([3.0, -2.0, 0.0])
        optimizer.step()
        #expect(largestDifference(parameter, Tensor([0.85, 1.05, 0.95])) < 1e-6)
        // The momentum is now a hundredth of the gradient: 0.9·0.03 - 0.1·0.2 is still above 0.
        parameter.grad = Tensor([-0.2, 0.0, 0.0])
        optimizer.step()
        #expect(parameter.toArray(as: Float.self)[0] < 0.85 * 0.95)
    }

    @Test func groupsHaveOptionsOfTheirOwn() {
        let model = Linear(2, 2)
        let groups = [
            ParameterGroup([("w", model.weight)]),
            ParameterGroup([("b", model.bias!)], learningRate: 1, weightDecay: 0),
        ]
        let optimizer = SGD(groups, learningRate: 0.5, weightDecay: 1)
        noGrad { for parameter in model.parameters { parameter.fill(2) } }
        model.weight.grad = Tensor.zeros([2, 2])
        model.bias!.grad = Tensor.ones([2])
        optimizer.step()
        #expect(model.weight.toArray() == [1, 1, 1, 1])
        #expect(model.bias!.toArray() == [1, 1])
        optimizer.learningRate = 0.25
        #expect(optimizer.groups.map(\.learningRate) == [0.25, 0.25])
        #expect(optimizer.groups.map(\.initialLearningRate) == [0.5, 1])
    }

    @Test func frozenParametersStay() {
        let model = Linear(2, 1).freeze { $0 == "weight" }
        let optimizer = AdamW(model, learningRate: 1, weightDecay: 0.5)
        let before = model.weight.toArray(as: Float.self)
        model(Tensor([[1.0, 2.0]])).sum().backward()
        optimizer.step()
        #expect(model.weight.toArray() == before)
        #expect(optimizer.state.numbers["weight/step"] == nil)
        #expect(optimizer.state.numbers["bias/step"] == 1)
    }

    #if compiler(>=6.2)
    /// In a process of its own, whose warnings nobody else receives.
    @Test func aParameterWithoutGradientIsNamedOnce() async {
        await #expect(processExitsWith: .success) {
            let model = Sequential(Linear(2, 2, bias: false), Linear(2, 1, bias: false))
            let optimizer = SGD(model)
            let warnings = Warnings()
            Diagnostics.handler = { warnings.messages.append($0) }
            model[0].parameters[0].grad = Tensor.zeros([2, 2])
            optimizer.step()
            optimizer.step()
            #expect(warnings.messages.filter { $0.contains("the parameter 1.weight of shape [1, 2]") }.count == 1)
        }
    }
    #endif

    /// Written by the handler on the thread of the test alone.
    private final class Warnings: @unchecked Sendable {
        var messages: [String] = []
    }

    @Test func stateThatDoesNotFitIsAnError() {
        let optimizer = Adam([ParameterGroup(makeParameters())])
        step(optimizer, 1, seed: 0)
        func message(_ change: (inout OptimizerState) -> Void) -> String {
            var state = optimizer.state
            change(&state)
            let error = #expect(throws: InputError.self) { try optimizer.load(state) }
            return error.map { "\($0)" } ?? ""
        }
        #expect(message { $0.kind = "SGD" } == "optimizer state: it is of SGD, and this optimizer is Adam")
        #expect(
            message { $0.tensors["fc.weight/exp_avg"] = Tensor.zeros([2]) }
                == "optimizer state, fc.weight/exp_avg: its shape is [2], and the parameter fc.weight has [4, 3]")
        #expect(
            message { $0.numbers["head.weight/step"] = 1 }
                == "optimizer state, head.weight/step: there is no parameter head.weight in this optimizer")
        #expect(message { $0.numbers["group 0/momentum"] = nil } == "optimizer state: it lacks group 0/momentum")
        #expect(message { $0.numbers["fc.weight/step"] = 1.5 }.contains("1.5 is not a number of steps"))
        #expect(message { $0.numbers["group 1/learning_rate"] = 1 }.contains("more than the 1 groups"))
    }

    @Test func clippingByValueLimitsElements() {
        let parameter = Parameter(Tensor.zeros([4]))
        parameter.grad = Tensor([-3.0, -0.5, 0.5, 3.0])
        clipGradValue([parameter], limit: 1)
        #expect(parameter.grad!.toArray() == [-1, -0.5, 0.5, 1])
    }

    @Test func gradientsWithinTheNormStay() {
        let parameter = Parameter(Tensor.zeros([2]))
        parameter.grad = Tensor([3.0, 4.0])
        #expect(clipGradNorm([parameter, Parameter(Tensor.zeros([1]))], maxNorm: 6).item() == 5)
        #expect(parameter.grad!.toArray() == [3, 4])
        #expect(clipGradNorm([], maxNorm: 1).item() == 0)
    }

    /// As PyTorch's: a norm that is NaN makes all gradients NaN, an infinite one makes them 0 and itself NaN.
    @Test(arguments: [Double.nan, .infinity]) func normsThatAreNotFiniteSpoilTheGradients(_ value: Double) {
        for power in [2, 1, Double.infinity] {
            let parameters = [Parameter(Tensor.zeros([2])), Parameter(Tensor.zeros([1]))]
            parameters[0].grad = Tensor([value, 1.0])
            parameters[1].grad = Tensor([2.0])
            let norm = clipGradNorm(parameters, maxNorm: 1, normType: power).item()
            #expect(value.isNaN ? norm.isNaN : norm == .infinity)
            #expect(parameters[0].grad![0].item().isNaN)
            #expect(value.isNaN ? parameters[1].grad!.item().isNaN : parameters[1].grad!.item() == 0)
        }
    }

    @Test func averagesAreSwappedInAndOut() throws {
        let model = BatchNorm1d(1, momentum: 1)
        let average = ExponentialMovingAverage(model, decay: 0.5, warmup: nil)
        noGrad { model.weight!.fill(3) }
        model.numBatchesTracked!.fill(7)
        average.update()
        average.withAverages {
            #expect(model.weight!.item() == 2)
            #expect(model.numBatchesTracked!.item() == 7)
        }
        #expect(model.weight!.item() == 3)
        let resumed = ExponentialMovingAverage(BatchNorm1d(1), decay: 0.5, warmup: nil)
        try resumed.load(average.averages, updates: average.updates)
        #expect(resumed.updates == 1 && resumed.averages["weight"]!.item() == 2)
        #expect(throws: InputError.self) { try resumed.load([:], updates: 0) }
    }

    @Test func averagesFollowParametersThatGetOtherMemory() {
        let model = Linear(1, 1, bias: false)
        let average = ExponentialMovingAverage(model, decay: 0.5, warmup: nil)
        noGrad { average.averages["weight"]!.fill(0) }
        model.withArrays({ _ in Tensor([[4.0]]).array }) {
            average.update()
            #expect(average.averages["weight"]!.item() == 2)
        }
    }

    @Test func anOptimizerOfOnesOwn() {
        final class SignDescent: Optimizer {
            override func update(
                _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
            ) -> Tensor {
                parameter - gradient.sign() * group.learningRate
            }
        }
        let parameter = Parameter(Tensor([1.0, -1.0]))
        parameter.grad = Tensor([0.3, -8.0])
        SignDescent([parameter], learningRate: 0.5).step()
        #expect(parameter.toArray() == [0.5, -0.5])
    }
}
