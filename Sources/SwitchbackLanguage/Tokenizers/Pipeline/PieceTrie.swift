/// Finds the pieces that a text begins with.
struct PieceTrie: Sendable {
    /// The node that follows a node and a byte.
    private var children: [UInt64: Int32] = [:]
    /// The number of the piece that ends at each node; −1 if none does.
    private var numbers: [Int32] = [-1]

    init(_ pieces: [([UInt8], Int)]) {
        for (piece, number) in pieces {
            var node: Int32 = 0
            for byte in piece {
                let key = PieceTrie.key(node, byte)
                if let child = children[key] {
                    node = child
                } else {
                    children[key] = Int32(numbers.count)
                    node = Int32(numbers.count)
                    numbers.append(-1)
                }
            }
            numbers[Int(node)] = Int32(number)
        }
    }

    private static func key(_ node: Int32, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }

    /// Calls `body` with the end and the number of each piece that stands at a place, the shortest first.
    func forEachPiece(in bytes: [UInt8], at start: Int, _ body: (_ end: Int, _ number: Int) -> Void) {
        var node: Int32 = 0
        for position in start..<bytes.count {
            guard let child = children[PieceTrie.key(node, bytes[position])] else { return }
            node = child
            if numbers[Int(node)] >= 0 { body(position + 1, Int(numbers[Int(node)])) }
        }
    }
}
