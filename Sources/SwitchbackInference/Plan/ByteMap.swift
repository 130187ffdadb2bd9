import Kernels
@_spi(Backends) import Switchback
import SwitchbackFormats

/// Where a value lies as bytes: some of the channels of a buffer, channels last.
struct BytePlace: Hashable {
    let buffer: Int
    let channel: Int
    let scale: ByteScale
}

/// The size of a buffer of bytes, [N, H, W, C].
struct ByteBuffer {
    let images, height, width, channels: Int

    var pixels: Int { images * height * width }
    var byteCount: Int { pixels * channels }
}

/// The memory of one run of a plan.
final class PlanMemory {
    var floats: [NDArray?]
    fileprivate var buffers: [NDArray?]
    private let sizes: [ByteBuffer]

    init(values: Int, _ sizes: [ByteBuffer]) {
        floats = [NDArray?](repeating: nil, count: values)
        buffers = [NDArray?](repeating: nil, count: sizes.count)
        self.sizes = sizes
    }

    /// A place as kernels see it. The buffer comes into being where it is first asked for.
    func map(_ place: BytePlace) -> sb_int8_map {
        let size = sizes[place.buffer]
        let buffer = buffers[place.buffer] ?? NDArray(empty: [size.byteCount], dtype: .uint8, backend: CPUBackend.self)
        buffers[place.buffer] = buffer
        return sb_int8_map(
            data: buffer.pointer.assumingMemoryBound(to: UInt8.self) + place.channel, pixel: size.channels,
            scale: place.scale.scale, zero: Int32(place.scale.zero))
    }

    func release(buffer: Int) { buffers[buffer] = nil }

    /// New floats [N, C, H, W] that lie channels last.
    static func channelsLast(_ shape: Shape) -> NDArray {
        let memory = NDArray(
            empty: [shape[0], shape[2], shape[3], shape[1]], dtype: .float32, backend: CPUBackend.self)
        return memory.seenAsImages
    }
}

extension NDArray {
    /// [N, H, W, C] as [N, C, H, W].
    fileprivate var seenAsImages: NDArray {
        seen(
            [shape[0], shape[3], shape[1], shape[2]], strides: [strides[0], strides[3], strides[1], strides[2]])
    }

    /// The same images [N, C, H, W], dense and channels last: a copy where they lie otherwise.
    var denseChannelsLast: NDArray {
        if isChannelsLast { return self }
        let copy = PlanMemory.channelsLast(shape)
        CPUBackend.copy(self, into: copy)
        return copy
    }

    var floatPointer: UnsafeMutablePointer<Float> { pointer.assumingMemoryBound(to: Float.self) }
}
