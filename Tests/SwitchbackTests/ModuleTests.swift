import Switchback
import TestSupport
import Testing

/// What every module can: find and name its parts, load and save them, freeze, describe and summarise itself.
@Suite(.seeded()) struct ModuleTests {
    /// A network with an array of blocks, an optional part and a part in two places.
    final class Network: Module {
        final class Block: Module {
            let conv = Conv2d(2, 2, kernelSize: 3, padding: 1, bias: false)
            let norm = BatchNorm2d(2)

            override func forward(_ x: Tensor) -> Tensor { norm(conv(x)).relu() }
        }

        let blocks: [Block]
        let inputURL: Linear
        let shared: Linear
        let unused: Linear?

        init(blocks count: Int) {
            blocks = (0..<count).map { _ in Block() }
            inputURL = Linear(8, 3)
            shared = inputURL
            unused = nil
        }

        override func forward(_ x: Tensor) -> Tensor { inputURL(blocks.reduce(x) { $1($0) }.flatten(start: 1)) }
    }

    @Test func partsAreNamedAsInCheckpoints() {
        let names = Network(blocks: 1).namedState.map(\.name)
        #expect(
            names == [
                "blocks.0.conv.weight", "blocks.0.norm.weight", "blocks.0.norm.bias", "blocks.0.norm.running_mean",
                "blocks.0.norm.running_var", "blocks.0.norm.num_batches_tracked", "input_url.weight",
                "input_url.bias",
            ])
    }

    @Test func aParameterInTwoPlacesIsOne() {
        let network = Network(blocks: 2)
        #expect(network.parameters.count == 2 * 3 + 2)
        #expect(network.parameterCount == 2 * (36 + 4) + 27)
    }

    @Test func loadingCopiesValuesUnderAnyOfTheirNames() throws {
        let (source, target) = (Network(blocks: 1), Network(blocks: 1))
        var state = source.stateDict()
        for name in ["weight", "bias"] { state["shared.\(name)"] = state.removeValue(forKey: "input_url.\(name)") }
        try target.load(stateDict: state)
        let x = Tensor.randn([2, 2, 2, 2])
        #expect(source.eval()(x).toArray() == target.eval()(x).toArray())
        #expect(target.inputURL.weight !== source.inputURL.weight)
    }

    @Test func loadingConvertsTheElementType() throws {
        let layer = Linear(2, 1)
        try layer.load(stateDict: [
            "weight": Tensor([[0.5, 2.0]], dtype: .bfloat16), "bias": Tensor([1.0], dtype: .float64),
        ])
        #expect(layer.weight.dtype == .float32)
        #expect(layer(Tensor([[1.0, 1.0]])).toArray() == [3.5])
    }

    @Test func missingAndUnexpectedNamesAreErrors() throws {
        let layer = Linear(2, 1)
        var state = layer.stateDict()
        state["wieght"] = state.removeValue(forKey: "weight")
        let error = #expect(throws: InputError.self) { try layer.load(stateDict: state) }
        #expect(
            "\(error!)" == "state dictionary: weight is missing, unless the file means it by wieght; "
                + "strict: false loads what is there")
        let result = try layer.load(stateDict: state, strict: false)
        #expect(result.missing == ["weight"] && result.unexpected == ["wieght"])
        state = layer.stateDict()
        state["biases"] = Tensor.zeros([1])
        let surplus = #expect(throws: InputError.self) { try layer.load(stateDict: state) }
        #expect("\(surplus!)".contains("biases is not in the model, whose nearest name is bias"))
    }

    @Test func aWrongShapeIsAnErrorAndNothingIsLoaded() {
        let layer = Linear(2, 1, bias: true)
        let before = layer.bias!.toArray(as: Float.self)
        let error = #expect(throws: InputError.self) {
            try layer.load(stateDict: ["bias": Tensor.full([1], 7.0), "weight": Tensor.zeros([2, 2])])
        }
        #expect("\(error!)" == "state dictionary, weight: its shape is [2, 2], and the model's [1, 2]")
        #expect(layer.bias!.toArray() == before)
    }

    @Test func frozenParametersGetNoGradient() {
        let network = Network(blocks: 1).freeze { $0.hasPrefix("blocks.") }
        network(Tensor.randn([2, 2, 2, 2])).sum().backward()
        for (name, parameter) in network.namedParameters {
            #expect((parameter.grad == nil) == name.hasPrefix("blocks."), "\(name)")
        }
        #expect(network.unfreeze().parameters.allSatisfy { $0.requiresGrad })
    }

    @Test func trainAndEvalReachEveryModule() {
        let network = Network(blocks: 2).eval()
        #expect(network.namedModules().allSatisfy { !$0.module.isTraining })
        #expect(network.train().blocks[1].norm.isTraining)
    }

    @Test func conversionChangesFloatsOnly() {
        let norm = BatchNorm1d(3).to(.float64)
        #expect(norm.weight?.dtype == .float64 && norm.runningVar?.dtype == .float64)
        #expect(norm.numBatchesTracked?.dtype == .int64)
    }

    @Test func descriptionIsATree() {
        let model = Sequential(Linear(4, 2, bias: false), Residual(Sequential(ReLU())))
        #expect(
            model.description == """
                Sequential(
                  (0): Linear(4, 2, bias: false)
                  (1): Residual(
                    (body): Sequential(
                      (0): ReLU()
                    )
                  )
                )
                """)
    }

    @Test func summaryCountsParametersAndOperations() {
        let model = Sequential(Conv2d(1, 2, kernelSize: 3, bias: false), ReLU(), Flatten(), Linear(8, 3))
        model[0].freeze()
        let summary = model.summary(input: Tensor.zeros([5, 1, 4, 4]))
        #expect(summary.parameters == 18 + 27)
        #expect(summary.trainableParameters == 27)
        #expect(summary.rows.map(\.path) == ["", "0", "1", "2", "3"])
        #expect(summary.rows[1].outputShape == [5, 2, 2, 2])
        #expect(summary.rows[1].operations == 5 * 8 * 2 * 9)
        #expect(summary.operations == 5 * 8 * 2 * 9 + 5 * 3 * (2 * 8 + 1))
        #expect(summary.description.contains("\n3        Linear      [5, 3]                27         255\n"))
        #expect(model.isTraining)
    }

    @Test func hooksSeeAndReplaceOutputsUntilTheyAreRemoved() {
        let layer = Identity()
        let id = layer.registerForwardHook { _, _, output in output * 2 }
        #expect(layer(Tensor([3.0])).item() == 6)
        layer.removeHook(id)
        #expect(layer(Tensor([3.0])).item() == 3)
    }

    @Test func sequencesFuseActivationsUnlessAHookLooksBetween() {
        let model = Sequential(Conv2d(3, 8, kernelSize: 3), BatchNorm2d(8), ReLU(), Conv2d(8, 4, kernelSize: 1), SiLU())
        model.eval()
        let x = Tensor.randn([2, 3, 6, 5])
        let fused = model(x)
        let oneByOne = model.layers.reduce(x) { $1($0) }
        #expect(fused.allClose(oneByOne, atol: 1e-6))
        var lowest = Double.infinity
        model[1].registerForwardHook { _, _, output in
            lowest = output.amin().item()
            return nil
        }
        #expect(model(x).allClose(oneByOne, atol: 1e-6))
        #expect(lowest < 0, "the hook sees what the activation has not touched")
    }

    @Test func containersNameTheirParts() {
        let dictionary = ModuleDict(["a": ReLU(), "b": Linear(1, 1)])
        dictionary["a"] = nil
        dictionary["c"] = PReLU()
        #expect(dictionary.namedState.map(\.name) == ["b.weight", "b.bias", "c.weight"])
        let list = ModuleList([Linear(1, 1, bias: false)])
        list.append(Linear(1, 2, bias: false))
        #expect(list.map { $0.parameterCount } == [1, 2])
        #expect(list.namedState.map(\.name) == ["0.weight", "1.weight"])
    }
}
