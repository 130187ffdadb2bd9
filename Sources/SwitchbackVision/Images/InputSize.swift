import Switchback

/// The height and width of a network's input, in pixels.
public struct InputSize: Hashable, Sendable, CustomStringConvertible {
    public var height, width: Int

    public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

    /// A square.
    public init(_ side: Int) { self.init(height: side, width: side) }

    /// The longer side.
    public var longer: Int { max(height, width) }

    public var description: String { height == width ? "\(height)" : "\(height)x\(width)" }

    /// - Throws: `InputError` where a network of the YOLO family takes no such images.
    func check() throws {
        for side in [height, width] { try YOLO.sides.check(Double(side), option: "imgsz", isWhole: true) }
    }
}
