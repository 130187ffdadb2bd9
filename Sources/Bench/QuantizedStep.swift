import Switchback
import SwitchbackInference

/// A step of a network in whole numbers of 8 bits, with ranges found on the image: how exact it is is not measured here.
///
/// - Parameters:
///   - forward: what the network computes.
///   - use: what is done with that.
func quantizedStep(
    _ model: Module, _ image: Tensor, forward: @escaping ([Tensor]) -> [Tensor],
    use: @escaping ([Tensor]) -> Void = { _ in }
) throws -> () -> Void {
    model.eval()
    let network = QuantizedNetwork(try Quantizer(model, images: [image], forward: forward).run().quantization)
    return {
        noGrad {
            do {
                use(try network.run(model, [image], forward: forward))
            } catch {
                fail("int8", "\(error)")
            }
        }
    }
}
