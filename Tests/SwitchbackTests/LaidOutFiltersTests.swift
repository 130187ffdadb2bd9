import Switchback
import Testing

/// Filters that are laid out once for many convolutions, as `fused()` lays them out.
@Suite struct LaidOutFiltersTests {
    struct Form: CustomTestStringConvertible {
        let testDescription: String
        let inputs, outputs, side, kernel: Int
        var stride = 1
        var dilation = 1
    }

    /// One for each way in which convolutions are computed.
    static let forms = [
        Form(testDescription: "few input channels", inputs: 3, outputs: 37, side: 24, kernel: 5, stride: 2),
        Form(testDescription: "1×1, one block of outputs", inputs: 70, outputs: 90, side: 7, kernel: 1),
        Form(testDescription: "1×1, several blocks", inputs: 24, outputs: 41, side: 40, kernel: 1),
        Form(testDescription: "5×5, dilated", inputs: 20, outputs: 33, side: 16, kernel: 5, dilation: 2),
        Form(testDescription: "3×3, many tiles", inputs: 24, outputs: 40, side: 50, kernel: 3),
        Form(testDescription: "3×3, few tiles", inputs: 130, outputs: 70, side: 14, kernel: 3),
        Form(testDescription: "3×3, small map", inputs: 80, outputs: 70, side: 5, kernel: 3),
        Form(testDescription: "3×3, stride 2", inputs: 40, outputs: 70, side: 20, kernel: 3, stride: 2),
    ]

    @Test(arguments: forms) func giveTheSameBits(_ form: Form) throws {
        let generator = Generator(seed: 3)
        let x = Tensor.randn([1, form.inputs, form.side, form.side], generator: generator)
        let weight = Tensor.randn([form.outputs, form.inputs, form.kernel, form.kernel], generator: generator)
        let convolution = Convolution2D(
            stride: IntPair(form.stride), padding: IntPair(form.kernel / 2), dilation: IntPair(form.dilation))
        let extent = form.dilation * (form.kernel - 1) + 1
        let side = (form.side + 2 * (form.kernel / 2) - extent) / form.stride + 1
        func output(_ laidOut: NDArray?) throws -> Tensor {
            try Tensor(
                #require(
                    CPUBackend.convolution(
                        x.array, weight.array, laidOut: laidOut, bias: nil, residual: nil, activation: .none,
                        convolution, outputShape: [1, form.outputs, side, side])))
        }
        let laidOut = try #require(CPUBackend.layOutFilters(weight.array, groups: 1))
        #expect(try output(laidOut).toArray() == output(nil).toArray())
    }

    @Test func filtersOfGroupsAreReadAsTheyLie() {
        #expect(CPUBackend.layOutFilters(Tensor.ones([8, 1, 3, 3]).array, groups: 8) == nil)
        #expect(CPUBackend.layOutFilters(Tensor.ones([8, 8, 3, 3], dtype: .float64).array, groups: 1) == nil)
    }
}
