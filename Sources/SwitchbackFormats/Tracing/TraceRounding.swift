import Switchback

extension TraceValue {
    /// Tells the values of a trace apart.
    package struct Key: Hashable {
        private let object: ObjectIdentifier?
        private let output: Int

        package init(of node: TraceNode, output: Int) { (object, self.output) = (ObjectIdentifier(node), output) }

        fileprivate init(input: Int) { (object, output) = (nil, input) }

        fileprivate init(constant value: TraceValue) { (object, output) = (ObjectIdentifier(value), 0) }
    }

    package var key: Key {
        switch source {
        case .input(let position): Key(input: position)
        case .node(let node, let output): Key(of: node, output: output)
        case .constant: Key(constant: self)
        }
    }
}

/// What an exported graph rounds to 8 bits.
package struct TraceRounding {
    /// Values that are rounded to bytes where they are computed.
    package var values: [TraceValue.Key: ByteScale] = [:]
    /// The filters of convolutions, by the node.
    package var filters: [ObjectIdentifier: QuantizedLayer] = [:]

    package init() {}
}
