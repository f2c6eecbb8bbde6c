/// Variable-length texts: each element says how long its text is and which object of which collection
/// holds it (HDF5 File Format Specification Version 3.0, III.E, the global heap).
struct HDF5Texts {
  private struct Collection {
    let bytes: [UInt8]
    /// The place of each object in `bytes`, by its number.
    let objects: [Int: Range<Int>]
  }

  private let file: HDF5Structure
  private var collections: [Int: Collection] = [:]
  private var budget: HDF5Budget

  init(_ file: HDF5Structure) {
    self.file = file
    budget = HDF5Budget(file.size)
  }

  /// An element of 16 bytes.
  private struct Element {
    let length: Int
    let collection: Int?
    let object: Int

    init(_ cursor: inout HDF5Cursor) throws {
      length = try cursor.number(4)
      collection = try cursor.address()
      object = try cursor.number(4)
    }
  }

  /// How many bytes the texts of some elements come to together.
  static func total(_ elements: [UInt8]) throws -> Int {
    var cursor = HDF5Cursor(elements[...])
    var sum = 0
    while cursor.remaining >= 16 { sum += try Element(&cursor).length }
    return sum
  }

  /// The texts of some elements.
  mutating func texts(_ elements: [UInt8]) throws -> [String] {
    var cursor = HDF5Cursor(elements[...])
    var texts: [String] = []
    texts.reserveCapacity(elements.count / 16)
    while cursor.remaining >= 16 { texts.append(try text(Element(&cursor))) }
    return texts
  }

  private mutating func text(_ element: Element) throws -> String {
    if element.length == 0 { return "" }
    guard let address = element.collection, address > 0 else {
      throw HDF5Fault("a text of it was never written")
    }
    if collections[address] == nil { collections[address] = try collection(at: address) }
    guard let collection = collections[address], let place = collection.objects[element.object],
      element.length <= place.count
    else { throw HDF5Fault("a text of it is not where it should be") }
    let bytes = collection.bytes[place.lowerBound..<place.lowerBound + element.length]
    guard !bytes.contains(0) else { throw HDF5Fault("a text of it holds the character NUL") }
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func collection(at address: Int) throws -> Collection {
    var head = HDF5Cursor(try file.bytes(16, at: address)[...])
    try head.expect("GCOL")
    try head.skip(4)
    let size = try head.length()
    try budget.spend(size)
    let bytes = try file.bytes(size, at: address)
    var objects: [Int: Range<Int>] = [:]
    var cursor = HDF5Cursor(bytes[...])
    try cursor.skip(16)
    while cursor.remaining >= 16 {
      let number = try cursor.number(2)
      try cursor.skip(6)
      let length = try cursor.length()
      // What is left is free.
      if number == 0 { break }
      let start = size - cursor.remaining
      try cursor.skip(length)
      try cursor.skip(min(cursor.remaining, (8 - length % 8) % 8))
      guard objects.updateValue(start..<start + length, forKey: number) == nil else {
        throw HDF5Fault("a collection of its texts is damaged")
      }
    }
    return Collection(bytes: bytes, objects: objects)
  }
}
