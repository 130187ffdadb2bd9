import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

// The code of the tutorial "Porting a PyTorch model".

final class Net: Module {
    let conv1 = Conv2d(1, 8, kernelSize: 3, padding: 1)
    let bn1 = BatchNorm2d(8)
    let pool = AdaptiveAvgPool2d(2)
    let fc = Linear(32, 10)

    override func forward(_ x: Tensor) -> Tensor {
        let features = bn1(conv1(x)).relu()
        return fc(pool(features).flatten(start: 1))
    }
}

@Suite(.seeded()) struct PortingAPyTorchModel {
    @Test func weightsSavedUnderPyTorchsNamesLoad() throws {
        let source = Net()
        let path = NSTemporaryDirectory() + "switchback-net-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Safetensors.save(source.stateDict(), to: path)

        let net = Net()
        try net.load(stateDict: Safetensors.load(path))
        net.eval()

        source.eval()
        let image = Tensor.randn([2, 1, 9, 9])
        #expect(net(image).equal(source(image)))
        #expect(source.stateDict().map(\.0).contains("bn1.running_mean"))
    }
}
