/// The messages of an object: what a group or dataset says of itself (HDF5 File Format Specification
/// Version 3.0, IV.A).
struct HDF5Object {
  struct Message {
    let type: MessageType
    let body: ArraySlice<UInt8>
  }

  /// The types of messages that are looked at. The others, such as times, change nothing here.
  enum MessageType: Int {
    case dataspace = 1
    case linkInfo = 2
    case datatype = 3
    case externalFiles = 7
    case layout = 8
    case link = 6
    case filters = 11
    case attribute = 12
    case continuation = 16
    case symbolTable = 17
    case attributeInfo = 21
  }

  private(set) var messages: [Message] = []

  /// Reads the header of an object (version 1).
  init(at address: Int, in file: HDF5Structure) throws {
    var budget = HDF5Budget(file.size)
    let head = try file.bytes(16, at: address)
    if head.starts(with: Array("OHDR".utf8)) {
      throw HDF5Fault("it is written in a newer form of HDF5 than this program reads")
    }
    var cursor = HDF5Cursor(head[...])
    guard try cursor.number(1) == 1 else { throw HDF5Fault("an object's header is damaged") }
    try cursor.skip(7)
    var blocks = [(address: address + 16, bytes: try cursor.number(4))]
    while let block = blocks.popLast() {
      try budget.spend(block.bytes)
      var block = HDF5Cursor(try file.bytes(block.bytes, at: block.address)[...])
      while block.remaining >= 8 {
        guard let message = try Self.message(&block) else { continue }
        if message.type == .continuation {
          var body = HDF5Cursor(message.body)
          blocks.append((try body.place(), try body.length()))
        } else {
          messages.append(message)
        }
      }
    }
  }

  private static func message(_ block: inout HDF5Cursor) throws -> Message? {
    let type = MessageType(rawValue: try block.number(2))
    let size = try block.number(2)
    let flags = try block.number(1)
    try block.skip(3)
    let body = try block.take(size)
    guard let type else { return nil }
    if flags & 2 != 0 { throw HDF5Fault("an object shares its description with another one") }
    return Message(type: type, body: body)
  }

  /// The only message of a type.
  /// - Throws: `HDF5Fault` where there are several.
  func only(_ type: MessageType) throws -> HDF5Cursor? {
    let found = messages.filter { $0.type == type }
    guard found.count <= 1 else { throw HDF5Fault("an object says the same thing twice") }
    return found.first.map { HDF5Cursor($0.body) }
  }

  var isDataset: Bool { messages.contains { $0.type == .layout } }
}

/// Where things are in an open file.
struct HDF5Structure: Sendable {
  let source: HDF5Source
  /// Where addresses are counted from: behind the user block.
  let base: Int
  /// The address of the root group's header.
  let root: Int

  /// How many bytes there are from the base on.
  var size: Int { source.size - base }

  func bytes(_ count: Int, at address: Int) throws -> [UInt8] {
    try source.bytes(count, at: base + address)
  }

  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Reads the superblock, which lies at the beginning or behind a user block.
  init(_ source: HDF5Source) throws {
    var base = 0
    while base + 96 <= source.size, try source.bytes(8, at: base) != Self.signature {
      base = base == 0 ? 512 : 2 * base
    }
    guard base + 96 <= source.size else { throw HDF5Fault("file signature not found") }
    var cursor = HDF5Cursor(try source.bytes(96, at: base)[8...])
    guard try cursor.number(1) == 0 else {
      throw HDF5Fault("it is written in a newer form of HDF5 than this program reads")
    }
    try cursor.skip(4)
    guard try cursor.number(1) == 8, try cursor.number(1) == 8 else {
      throw HDF5Fault("its addresses are not of 64 bits")
    }
    try cursor.skip(9)
    guard try cursor.place() == base else { throw HDF5Fault("it begins at another place") }
    try cursor.skip(8)
    let end = try cursor.place()
    guard end <= source.size else {
      throw HDF5Fault("truncated file: it has \(source.size) bytes instead of \(end)")
    }
    guard try cursor.address() == nil else { throw HDF5Fault("it is spread over several files") }
    try cursor.skip(8)
    self.source = source
    self.base = base
    root = try cursor.place()
  }
}
