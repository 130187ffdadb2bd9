import Switchback
import Dispatch
let w = Tensor([1.0], requiresGrad: true)
let n = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1])! : 100000
let x = Tensor([2.0])
for round in 0..<8 {
    let start = DispatchTime.now().uptimeNanoseconds
    for _ in 0..<n {
        w.grad = nil
        let loss = (w * x - 10.0).pow(2)
        loss.backward()
    }
    print(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e5, "ns", w.grad!.item(), round)
}
