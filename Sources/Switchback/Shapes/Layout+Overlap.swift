extension Layout {
    /// Whether two elements lie in one place in memory, as in what `expand` gives, and `unfold` where its windows
    /// overlap.
    ///
    /// If, from the innermost dimension out, each steps over all that the ones inside it reach, no two do. Other
    /// layouts are rare, and their elements are looked at one by one.
    var overlaps: Bool {
        if isContiguous || isChannelsLast || count <= 1 { return false }
        var reach = 0
        for dim in (0..<shape.count).sorted(by: { abs(strides[$0]) < abs(strides[$1]) }) where shape[dim] > 1 {
            if abs(strides[dim]) <= reach { return strides[dim] == 0 || sharesPlaces }
            reach += (shape[dim] - 1) * abs(strides[dim])
        }
        return strides.indices.contains { shape[$0] > 1 && strides[$0] == 0 }
    }

    private var sharesPlaces: Bool {
        var places = [0]
        for dim in 0..<shape.count where shape[dim] > 1 {
            places = places.flatMap { base in (0..<shape[dim]).map { base + $0 * strides[dim] } }
        }
        return Set(places).count < count
    }
}
