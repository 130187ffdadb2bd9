/// A list whose first two elements lie inline: most operations have no more operands, and an array would be an
/// allocation for each.
struct ShortList<Element> {
    private var first: Element?
    private var second: Element?
    private var rest: [Element]?
    let count: Int

    init() { count = 0 }

    init(_ element: Element) {
        first = element
        count = 1
    }

    init(_ first: Element, _ second: Element) {
        self.first = first
        self.second = second
        count = 2
    }

    init(_ elements: [Element]) {
        count = elements.count
        first = elements.first
        if count > 1 { second = elements[1] }
        if count > 2 { rest = Array(elements[2...]) }
    }

    var indices: Range<Int> { 0..<count }

    func map<Result>(_ transform: (Element) -> Result) -> ShortList<Result> {
        switch count {
        case 0: ShortList<Result>()
        case 1: ShortList<Result>(transform(first!))
        case 2: ShortList<Result>(transform(first!), transform(second!))
        default: ShortList<Result>(indices.map { transform(self[$0]) })
        }
    }

    subscript(position: Int) -> Element {
        @inline(__always) get {
            switch position {
            case 0: first!
            case 1: second!
            default: rest![position - 2]
            }
        }
        _modify {
            switch position {
            case 0: yield &first!
            case 1: yield &second!
            default: yield &rest![position - 2]
            }
        }
    }
}
