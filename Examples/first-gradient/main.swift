import Switchback

let w = Tensor([2.0], requiresGrad: true)  // a tensor that tracks operations
let x = Tensor([3.0])
let loss = (w * x - 10.0).pow(2)  // forward pass
loss.backward()  // backpropagation
print("Gradient (dL/dw): \(w.grad!.item())")  // the slope of the loss with respect to w
