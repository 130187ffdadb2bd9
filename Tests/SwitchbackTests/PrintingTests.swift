import Switchback
import Testing

struct PrintingTests {
    @Test func columnsAreAligned() {
        #expect("\(Tensor([[1, -20], [300, 4]]))" == "Tensor([[  1, -20],\n        [300,   4]])")
        #expect("\(Tensor([1.0, 2.5]))" == "Tensor([1.0000, 2.5000])")
        #expect("\(Tensor([1.0, -2]))" == "Tensor([ 1.0, -2.0])")
        #expect("\(Tensor([true, false]))" == "Tensor([ true, false])")
        #expect("\(Tensor(2.5))" == "Tensor(2.5000)")
    }

    @Test func magnitudesThatDiffer() {
        #expect("\(Tensor([1e-5, 1.0]))" == "Tensor([1.0000e-05, 1.0000e+00])")
        #expect("\(Tensor([Double.nan, Double.infinity, 1]))" == "Tensor([nan, inf, 1.0])")
    }

    @Test func attributes() {
        #expect("\(Tensor([1.0], dtype: .float64))" == "Tensor([1.0], dtype: .float64)")
        let w = Tensor([1.0], requiresGrad: true)
        #expect("\(w)" == "Tensor([1.0], requiresGrad: true)")
        #expect("\(w * 2)" == "Tensor([2.0], operation: multiply)")
        #expect("\(Tensor.zeros([0, 3]))" == "Tensor([], shape: [0, 3])")
    }

    @Test func longTensorsAreSummarized() {
        #expect("\(Tensor.arange(2000))" == "Tensor([   0,    1,    2, ..., 1997, 1998, 1999])")
        let lines = "\(Tensor.zeros([100, 100]))".split(separator: "\n")
        #expect(lines.count == 7 && lines[3].contains("..."))
    }
}
