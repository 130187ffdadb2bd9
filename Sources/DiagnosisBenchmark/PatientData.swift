import Switchback

/// Data that a small network learns in seconds.
public enum PatientData {
    public typealias Sets = (training: Patient.Data, validation: Patient.Data?)

    /// Points around the centers of classes: [n, features], and the class of each.
    public static func points(
        _ count: Int = 256, classes: Int = 4, features: Int = 16, noise: Double = 0.7
    ) -> Sets {
        let centers = Tensor.randn([classes, features])
        func draw(_ count: Int) -> Patient.Data {
            let labels = Tensor.randint(0..<classes, [count])
            return (centers.indexSelect(dim: 0, index: labels) + Tensor.randn([count, features]) * noise, labels)
        }
        return (draw(count), draw(128))
    }

    /// Images of a pattern for each class, [n, 1, size, size].
    public static func images(_ count: Int = 192, classes: Int = 4, size: Int = 8, noise: Double = 0.5) -> Sets {
        let sets = points(count, classes: classes, features: size * size, noise: noise)
        func shaped(_ data: Patient.Data) -> Patient.Data {
            (data.inputs.reshape([data.inputs.shape[0], 1, size, size]), data.targets)
        }
        return (shaped(sets.training), sets.validation.map(shaped))
    }

    /// A smooth function of points: [n, features] and [n, 1].
    public static func curve(_ count: Int = 256, features: Int = 8) -> Sets {
        let weight = Tensor.randn([features, 1]) * 0.4
        func draw(_ count: Int) -> Patient.Data {
            let inputs = Tensor.randn([count, features])
            return (inputs, inputs.matmul(weight).sin() + inputs.narrow(dim: 1, start: 0, length: 1) * 0.5)
        }
        return (draw(count), draw(128))
    }

    /// Whether a point lies on one side: [n, features] and 0 or 1, [n, 1].
    public static func sides(_ count: Int = 256, features: Int = 8, share: Double = 0.5) -> Sets {
        let direction = Tensor.randn([features, 1])
        func draw(_ count: Int) -> Patient.Data {
            let inputs = Tensor.randn([count, features])
            let heights = inputs.matmul(direction)
            let sorted = heights.reshape([count]).toArray(as: Float.self).sorted()
            let limit = Double(sorted[min(count - 1, Int(Double(count) * (1 - share)))])
            return (inputs, heights.ge(limit).to(.float32))
        }
        return (draw(count), draw(128))
    }

    /// Sequences of numbers, [n, length, features], whose class is that of the point that stands at a place.
    public static func sequences(
        _ count: Int = 128, length: Int = 12, features: Int = 4, classes: Int = 3, place: Int = -1
    ) -> Sets {
        let centers = Tensor.randn([classes, features]) * 2
        func draw(_ count: Int) -> Patient.Data {
            let labels = Tensor.randint(0..<classes, [count])
            let inputs = Tensor.randn([count, length, features]) * 0.3
            let position = place < 0 ? length + place : place
            let parts = (0..<length).map { time in
                let slice = inputs.select(dim: 1, index: time)
                return time == position ? slice + centers.indexSelect(dim: 0, index: labels) : slice
            }
            return (Tensor.stack(parts, dim: 1), labels)
        }
        return (draw(count), draw(64))
    }

    /// Sentences of words, [n, length], of which each class prefers some.
    public static func sentences(_ count: Int = 192, length: Int = 10, words: Int = 60, classes: Int = 3) -> Sets {
        func draw(_ count: Int) -> Patient.Data {
            let labels = Tensor.randint(0..<classes, [count])
            let part = words / classes
            let own = Tensor.randint(0..<part, [count, length]) + (labels * Double(part)).unsqueeze(1)
            let any = Tensor.randint(0..<words, [count, length])
            let isOwn = Tensor.rand([count, length]).lt(0.5)
            return (Tensor.where(isOwn, own, any).to(.int64), labels)
        }
        return (draw(count), draw(64))
    }

    /// Text that repeats a cycle of letters with mistakes, [n, length], and the letter after each.
    public static func text(_ count: Int = 96, length: Int = 16, letters: Int = 12) -> Sets {
        func draw(_ count: Int) -> Patient.Data {
            let start = Tensor.randint(0..<letters, [count, 1])
            let walk = (start + Tensor.arange(0, Double(length + 1)).to(.int64).unsqueeze(0) * 5.0).to(.float32)
            let line = (walk - (walk / Double(letters)).floor() * Double(letters)).to(.int64)
            return (line.narrow(dim: 1, start: 0, length: length), line.narrow(dim: 1, start: 1, length: length))
        }
        return (draw(count), draw(32))
    }
}
