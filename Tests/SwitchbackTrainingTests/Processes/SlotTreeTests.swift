import SwitchbackTraining
import TestSupport
import Testing

/// What slots computed is summed in one order, whoever computed it.
struct SlotTreeTests {
    /// Numbers whose sum depends on the order of the additions.
    private static func numbers(_ count: Int) -> [Float] {
        (0..<count).map { Float([1e8, 3.25, -1e8, 0.1, 7e4, -0.7][$0 % 6]) * Float($0 + 1) }
    }

    /// The sum by the definition of the tree.
    private func reference(_ numbers: ArraySlice<Float>) -> Float {
        if numbers.count == 1 { return numbers[numbers.startIndex] }
        let middle = numbers.startIndex + numbers.count / 2
        return reference(numbers[..<middle]) + reference(numbers[middle...])
    }

    /// The sum as processes make it: each sums what it can, and the nodes that are left are summed together.
    private func sum(_ numbers: [Float], processes: Int) -> Float {
        let tree = SlotTree(count: numbers.count)
        var total = PartialSums<Float>(tree)
        for rank in 0..<processes {
            let own = rank * numbers.count / processes..<(rank + 1) * numbers.count / processes
            var sums = PartialSums<Float>(tree)
            for slot in own { sums.append(slot..<slot + 1, numbers[slot], add: +) }
            #expect(sums.nodes.map(\.slots) == tree.nodes(in: own))
            for node in sums.nodes { total.append(node.slots, node.sum, add: +) }
        }
        #expect(total.nodes.count == 1)
        return total.nodes[0].sum
    }

    @Test(arguments: 1...17) func theSumDoesNotDependOnTheProcesses(_ count: Int) {
        let numbers = Self.numbers(count)
        let expected = reference(numbers[...])
        for processes in 1...count { #expect(sum(numbers, processes: processes) == expected) }
    }

    @Test func anotherOrderHasAnotherSum() {
        let numbers = Self.numbers(17)
        #expect(numbers.reduce(0, +) != reference(numbers[...]))
    }

    @Test func whatIsNoNumberArrives() {
        for special in [Float.nan, .infinity, -.infinity] {
            for place in 0..<5 {
                var numbers = Self.numbers(5)
                numbers[place] = special
                let found = sum(numbers, processes: 2)
                #expect(special.isNaN ? found.isNaN : found == special)
            }
        }
        var numbers = Self.numbers(4)
        (numbers[0], numbers[3]) = (.infinity, -.infinity)
        #expect(sum(numbers, processes: 4).isNaN)
    }
}
