// Convolutions of 1×1 filters, in bfloat16.

extension Tensor {
    /// A convolution of 1×1 filters with stride 1 as the product that it is, of pixels with filters; `nil` of any other, and in
    /// another precision.
    final func pointwiseProduct(_ filters: Filters, _ convolution: Convolution2D) -> Tensor? {
        let weight = filters.weight
        guard
            ThreadState.precision == .bfloat16, dtype == .float32, convolution.groups == 1,
            weight.shape[2] == 1, weight.shape[3] == 1, convolution.padding == 0, convolution.stride == 1
        else { return nil }
        let product = permute(0, 2, 3, 1).linear(weight: weight.flatten(start: 1), bias: filters.bias)
        return product.permute(0, 3, 1, 2)
    }
}
